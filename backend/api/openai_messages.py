"""What OpenAI's clients say: messages, tools and what they called, as they are taken and as they go to a model."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from backend.api.direct import Text
from backend.errors import BadRequest
from backend.ids import STORABLE
from backend.llm.gateway import ChatTurn, Tool, ToolCallPart, ToolChoice
from backend.llm.tool_calls import LONGEST_ID, LONGEST_NAME

#: Levels of the schema of a tool's arguments: it is written again for each provider, and no writer goes down for ever.
_DEEPEST: Final = 64
_MOST_TOOLS: Final = 128
_MOST_STOPS: Final = 4

#: What is said for the caller's own sake.
Word = Annotated[str, StringConstraints(max_length=2000), STORABLE]
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_Long = Annotated[str, StringConstraints(max_length=400_000), STORABLE]


class Part(BaseModel):
    """What holds nothing but what is told of here."""

    model_config = ConfigDict(extra="forbid")


class TextPart(Part):
    """A part of a message; pictures and sounds are not taken."""

    type: Literal["text"]
    text: Text


#: What a field may be that is of several kinds. No field of a part is called so: a fault is told of the field then.
KINDS = _TEXT, _PARTS, _NOTHING, _OBJECT = ("a text", "a list of parts", "nothing at all", "an object")
#: The fields that are.
OF_KINDS: Final = frozenset({"content", "stop", "tool_choice"})


def _kind_of(content: object) -> str:
    return _PARTS if isinstance(content, list) else _NOTHING if content is None else _TEXT


def _kind_of_choice(choice: object) -> str:
    return _OBJECT if isinstance(choice, dict) else _TEXT


#: Told apart by what it is, so that a fault is told of the kind that was meant.
_Content = Annotated[
    Annotated[_Long, Tag(_TEXT)]
    | Annotated[list[TextPart], Field(min_length=1, max_length=100), Tag(_PARTS)]
    | Annotated[None, Tag(_NOTHING)],
    Discriminator(_kind_of),
]
_StopText = Annotated[str, StringConstraints(min_length=1, max_length=500), STORABLE]
Stop = Annotated[
    Annotated[_StopText, Tag(_TEXT)] | Annotated[list[_StopText], Field(max_length=_MOST_STOPS), Tag(_PARTS)],
    Discriminator(_kind_of),
]


class _CalledFunction(Part):
    # What a model wrote, and was handed out: it may be the name of no tool.
    name: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), STORABLE]
    arguments: _Long


class ToolCall(Part):
    """A function that the model called. Clients that read streams keep the `index`."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ID), STORABLE]
    type: Literal["function"]
    function: _CalledFunction
    index: StrictInt | None = None


class Message(Part):
    """What somebody said, or what came of a call."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: _Content = Field(None, validate_default=True)
    name: Word | None = None
    # What our own answers, and those of OpenAI's SDK, carry beside: a conversation sends them back.
    refusal: None = None
    reasoning_content: _Long | None = None
    annotations: Annotated[list[Any], Field(max_length=0)] | None = None
    tool_calls: Annotated[list[ToolCall], Field(max_length=_MOST_TOOLS)] | None = None
    function_call: None = None
    audio: None = None
    # Left out where it is not said: a request is known again by how it is written.
    tool_call_id: Annotated[str, StringConstraints(max_length=LONGEST_ID), STORABLE] | None = Field(
        None, exclude_if=lambda value: value is None
    )

    @property
    def words(self) -> str:
        """All that is said."""
        content = self.content
        return "".join(part.text for part in content) if isinstance(content, list) else content or ""

    @field_validator("content")
    @classmethod
    def _has_words(cls, content: Any, info: ValidationInfo) -> Any:
        # An answer may have had none, as when all its tokens were thoughts; OpenAI takes rules without any too.
        role = info.data.get("role")
        if role != "assistant" and (content is None or (role == "user" and not content)):
            raise PydanticCustomError("no_words", "There must be a text.")
        return content

    @field_validator("tool_calls")
    @classmethod
    def _is_the_models(cls, calls: list[ToolCall] | None, info: ValidationInfo) -> list[ToolCall] | None:
        if calls and info.data.get("role") != "assistant":
            raise PydanticCustomError("not_called", "Only an assistant calls tools.")
        ids = [call.id for call in calls or ()]
        if len(set(ids)) < len(ids):
            raise PydanticCustomError("same_id", "Each call has an id of its own.")
        return calls

    @field_validator("tool_call_id")
    @classmethod
    def _is_of_a_result(cls, call_id: str | None, info: ValidationInfo) -> str | None:
        if (call_id is not None) != (info.data.get("role") == "tool"):
            raise PydanticCustomError("no_result", "It belongs to messages of the role tool, and to each of them.")
        return call_id

    @model_validator(mode="before")
    @classmethod
    def _asks_for_the_id(cls, data: Any) -> Any:
        # A field that is not there is not looked at.
        return {**data, "tool_call_id": None} if isinstance(data, dict) and "tool_call_id" not in data else data


def _can_be_sent(parameters: dict[str, Any]) -> dict[str, Any]:
    if _deeper(parameters, _DEEPEST):
        raise PydanticCustomError("too_deep", "It is nested too deeply.")
    try:
        orjson.dumps(parameters)
    except TypeError:  # half a surrogate pair, a number of more than 64 bits
        raise PydanticCustomError("no_json", "It holds what no JSON can.") from None
    return parameters


def _deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(one, levels - 1) for one in inner)


class _Function(Part):
    name: _Name
    description: Annotated[str, StringConstraints(max_length=20_000), STORABLE] | None = None
    parameters: Annotated[dict[str, Any], AfterValidator(_can_be_sent)] | None = None
    strict: StrictBool | None = None


class FunctionTool(Part):
    """What the model may call. Tools that run at OpenAI's, or take no JSON, are not taken."""

    type: Literal["function"]
    function: _Function


def _each_once(tools: list[FunctionTool]) -> list[FunctionTool]:
    names = [tool.function.name for tool in tools]
    if len(set(names)) < len(names):
        raise PydanticCustomError("same_name", "Each tool has a name of its own.")
    return tools


Tools = Annotated[list[FunctionTool], Field(max_length=_MOST_TOOLS), AfterValidator(_each_once)]


class _Chosen(Part):
    name: _Name


class NamedChoice(Part):
    """The one tool that is to be called."""

    type: Literal["function"]
    function: _Chosen


Choice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag(_TEXT)] | Annotated[NamedChoice, Tag(_OBJECT)],
    Discriminator(_kind_of_choice),
]


def turns_of(messages: Sequence[Message]) -> list[ChatTurn]:
    """Return what was said as it goes to a model.

    Raises:
        BadRequest: a call has no result, or a result no call.
    """
    turns: list[ChatTurn] = []
    #: The ids of calls whose results are still to come, and where they were made.
    awaited: set[str] = set()
    called_at = 0
    for at, message in enumerate(messages):
        if message.role == "tool":
            call_id = message.tool_call_id or ""
            if call_id not in awaited:
                param = f"messages.{at}.tool_call_id"
                raise BadRequest(f"{param}: the message before it made no such call", param=param)
            awaited.remove(call_id)
            turns.append(ChatTurn("tool", message.words, tool_call_id=call_id))
            continue
        _none_awaited(awaited, called_at)
        calls = tuple(
            ToolCallPart(place, call.id, call.function.name, call.function.arguments)
            for place, call in enumerate(message.tool_calls or ())
        )
        awaited, called_at = {call.id for call in calls}, at
        # A turn of the model's stays one, or two of the user's would follow each other. Empty rules are none.
        if message.words or message.role == "assistant":
            role = "system" if message.role == "developer" else message.role
            turns.append(ChatTurn(role, message.words, calls, reasoning=message.reasoning_content or ""))
    _none_awaited(awaited, called_at)
    return turns


def _none_awaited(awaited: set[str], called_at: int) -> None:
    if awaited:
        param = f"messages.{called_at}.tool_calls"
        raise BadRequest(f"{param}: a message of the role tool must follow for each call", param=param)


def tools_of(tools: Sequence[FunctionTool] | None) -> tuple[Tool, ...]:
    """Return the tools as they go to a model."""
    functions = [tool.function for tool in tools or ()]
    return tuple(Tool(one.name, one.description or "", one.parameters or {}, one.strict) for one in functions)


def choice_of(choice: str | NamedChoice | None, tools: Sequence[Tool]) -> ToolChoice | None:
    """Return how tools are to be used.

    Raises:
        BadRequest: one is to be called, and it is not there.
    """
    if isinstance(choice, NamedChoice):
        name = choice.function.name
        if all(tool.name != name for tool in tools):
            raise BadRequest("tool_choice: there is no such tool", param="tool_choice")
        return ToolChoice("named", name)
    if choice == "required":
        if not tools:
            raise BadRequest("tool_choice: there are no tools", param="tool_choice")
        return ToolChoice("required")
    if not tools or choice is None:
        return None
    return ToolChoice("none" if choice == "none" else "auto")
