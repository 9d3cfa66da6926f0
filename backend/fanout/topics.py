"""The names of what can be followed, on the wire, in PostgreSQL's notices and in Redis."""

from uuid import UUID

#: NOTIFY channel of new thread events; the payload is a `Notice`.
EVENTS_CHANNEL = "cuedesk_events"
#: NOTIFY channel of rooms whose teleprompter state changed; the payload is the room's id.
ROOMS_CHANNEL = "cuedesk_rooms"
#: NOTIFY channel of runs that were cancelled; the payload is the run's id.
CANCEL_CHANNEL = "cuedesk_cancel"
#: NOTIFY channel of shows in which a script may be begun; without payload.
SHOWS_CHANNEL = "cuedesk_shows"
#: NOTIFY channel of people whose account, role or session changed; the payload is the user's id.
PEOPLE_CHANNEL = "cuedesk_people"
#: NOTIFY channel of saved rules; the payload is the tenant's id.
RULES_CHANNEL = "cuedesk_rules"
#: NOTIFY channel of changed hosts and products; the payload is the tenant's id, or empty: anybody's.
CATALOGUE_CHANNEL = "cuedesk_catalogue"
#: NOTIFY channel of tenants' own models; the payload is the tenant's id.
MODELS_CHANNEL = "cuedesk_models"

APPROVALS = "approvals"
#: The list of a tenant's threads.
THREADS = "threads"


def thread_topic(thread_id: UUID) -> str:
    """Return the topic of a thread."""
    return f"thread:{thread_id}"


def room_topic(room_id: UUID) -> str:
    """Return the topic of a room."""
    return f"room:{room_id}"


def split_topic(topic: str) -> tuple[str, UUID | None]:
    """Return kind and id of a (validated) topic."""
    kind, _, name = topic.partition(":")
    return kind, UUID(name) if name else None


def interrupt_of(topic: str) -> str | None:
    """Return the interrupt that a (validated) topic is about, if it is about one."""
    return topic.removeprefix("interrupt:") if topic.startswith("interrupt:") else None


def token_channel(thread_id: UUID) -> str:
    """Return the Redis channel on which a thread's text under way is published."""
    return f"cuedesk:tokens:{thread_id}"


def text_key(message_id: UUID, attempt: int) -> str:
    """Return the Redis stream that holds the text of one attempt at a message so far."""
    return f"cuedesk:text:{message_id}:{attempt}"
