"""What goes out with a request to one backend: as asked, as the file says, and no more than the backend takes."""

from dataclasses import replace

from backend.llm.gateway import ModelRequest
from backend.llm.models_file import Parameters
from backend.llm.profiles import Shaping
from backend.llm.shaping import turns_told


def with_parameters(request: ModelRequest, *declared: Parameters) -> ModelRequest:
    """Return the request with what the file says, the later over the earlier."""
    temperature, max_tokens = request.temperature, request.max_tokens
    for one in declared:
        temperature = temperature if one.temperature is None else one.temperature
        max_tokens = max_tokens if one.max_tokens is None else one.max_tokens
    if (temperature, max_tokens) == (request.temperature, request.max_tokens):
        return request
    return replace(request, temperature=temperature, max_tokens=max_tokens)


def with_words(request: ModelRequest, shaping: Shaping | None) -> ModelRequest:
    """Return the request with the words it needs said, so that they are counted where nobody else counts."""
    turns = turns_told(request, shaping)
    if turns is request.turns or request.shape is None:
        return request
    return replace(request, turns=turns, shape=replace(request.shape, told=True))


def within(request: ModelRequest, output: int | None) -> ModelRequest:
    """Return the request with no more tokens asked for than the backend writes."""
    if output is None or (request.max_tokens is not None and request.max_tokens <= output):
        return request
    return replace(request, max_tokens=output)
