"""Which attachments a model's server takes as they are; the others are sent as text.

A server refuses the whole request for one part that it does not take, and the page sends that part
again with every later message. So nothing is sent on trust: texts are written out with their names,
and what nobody could read is named in words. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

from agui_runtime.connectors.shared.chat.attachments import PDF, Attachment, Part, attachment_of
from agui_runtime.core.jsontext import JsonObject

_PARTS = {"image": "image_url", "audio": "input_audio", "document": "file"}
_FORMATS = {"mpeg": "mp3"}


@dataclass(frozen=True, slots=True)
class Media:
    """What a model's server takes beside text.

    `data` are patterns of media types that may come within the request, `urls` the kinds that it
    opens by their address, `file_ids` whether it holds files itself. `video_part` is how it wants
    videos: as `video_url`, or as `file`.
    """

    data: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    file_ids: bool = False
    video_part: str = "video_url"

    def takes(self, found: Attachment) -> bool:
        """Whether it can be sent as it is."""
        if found.data:
            if found.mime == "video/mp2t" and found.text is not None:
                return False
            return any(fnmatch(found.mime, pattern) for pattern in self.data)
        return found.kind in self.urls if found.url else bool(found.file_id and self.file_ids)


def chat_part(part: Part, media: Media) -> JsonObject:
    """A part of a user's message in the form of chat completions, text where the server takes no
    other.
    """
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    found = attachment_of(part)
    if not media.takes(found):
        return {"type": "text", "text": found.in_words()}
    if found.file_id:
        return {"type": "file", "file": {"file_id": found.file_id}}
    kind = media.video_part if found.kind == "video" else _PARTS[found.kind]
    return {"type": kind, kind: _content(kind, found)}


def _content(kind: str, found: Attachment) -> dict[str, str]:
    address = found.url or f"data:{found.mime};base64,{found.data}"
    if kind == "input_audio":
        subtype = found.mime.partition("/")[2]
        return {"data": found.data, "format": _FORMATS.get(subtype, subtype)}
    if kind == "file":
        return {"filename": found.name or "document", "file_data": address}
    return {"url": address}


_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_SOUNDS = frozenset({"audio/wav", "audio/mpeg"})
_AT_URL = frozenset({"image"})

OPENAI = Media(_IMAGES | _SOUNDS | {PDF}, _AT_URL, file_ids=True)
COMPATIBLE = Media(_IMAGES | _SOUNDS | {PDF, "video/*"}, _AT_URL | {"video"}, file_ids=True)
"""Other servers with OpenAI's protocol; how much of it each knows stands in its documentation."""

_PICTURES = Media(_IMAGES, _AT_URL)
_CLAUDE = Media(_IMAGES | {PDF}, _AT_URL)
_GEMINI = Media(
    _IMAGES
    | {PDF, "image/heic", "image/heif", "video/*", *_SOUNDS}
    | {"audio/aiff", "audio/aac", "audio/ogg", "audio/flac"},
    _AT_URL,
    video_part="file",
)
_TEXT_ONLY = Media()

_BY_PROVIDER: Mapping[str, Media] = {
    "openai": OPENAI,
    "azure": OPENAI,
    "azure_ai": _PICTURES,
    "anthropic": _CLAUDE,
    "bedrock": _CLAUDE,
    "gemini": _GEMINI,
    "vertex_ai": _GEMINI,
    "openrouter": COMPATIBLE,
    "litellm_proxy": COMPATIBLE,
    "hosted_vllm": Media(_IMAGES | _SOUNDS | {"video/*"}, _AT_URL | {"video"}),
    "dashscope": Media(_IMAGES | {"video/*"}, _AT_URL | {"video"}),
    "deepseek": _TEXT_ONLY,
    "cerebras": _TEXT_ONLY,
    "perplexity": _PICTURES,
}
_BY_MODEL = (("claude", _CLAUDE), ("gemini", _GEMINI), ("gpt", OPENAI), ("o", OPENAI))


def media_of(model: str) -> Media:
    """What the server of a model of LiteLLM takes, as its provider documents it; of providers that
    are not known here, pictures.
    """
    provider, slash, _ = model.partition("/")
    if slash:
        return _BY_PROVIDER.get(provider, _PICTURES)
    return next((media for start, media in _BY_MODEL if model.startswith(start)), _PICTURES)
