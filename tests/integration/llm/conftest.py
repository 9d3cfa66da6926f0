from tests.support.model_servers import house, no_pause, server

__all__ = ["house", "no_pause", "server"]
