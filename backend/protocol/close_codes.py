"""WebSocket close codes. 4000–4499: come back with your cursor; 4500–4999: do not, something must change first."""

from enum import IntEnum


class CloseCode(IntEnum):
    """The reason a socket was closed by us."""

    #: The server drains for a restart; connect again.
    DRAINING = 4000
    #: The session or token ran out; sign in, then resume.
    TOKEN_EXPIRED = 4001
    #: The client did not read fast enough; resume from the last `seq`.
    SLOW_CONSUMER = 4008
    #: Too many frames; come back later.
    FLOOD = 4009
    #: The team has too many sockets open, or the user with those at other processes or not yet found dead; come back
    #: later.
    TENANT_FULL = 4010
    #: No valid `hello` within five seconds.
    HELLO_TIMEOUT = 4501
    #: The credentials are not valid, or the session was ended by signing out.
    UNAUTHENTICATED = 4502
    #: Ten unreadable frames within ten seconds.
    BAD_FRAMES = 4503
    #: The user has too many sockets open at this process alone, all of them alive.
    TOO_MANY_SOCKETS = 4504
    #: The account was disabled or lost its place in the tenant.
    ACCESS_REVOKED = 4505
