from tests.support.model_servers import no_pause, server

__all__ = ["no_pause", "server"]
