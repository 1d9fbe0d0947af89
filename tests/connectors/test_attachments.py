"""Attachments reach a model in a form that its server takes, and never end a conversation."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from agui_runtime.connectors.shared.chat import attachments
from agui_runtime.connectors.shared.chat.media import COMPATIBLE, OPENAI, Media, chat_part, media_of

NOTES = "# Notes\nGrüße"


def b64(content: str | bytes) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return base64.b64encode(raw).decode()


def part(
    kind: str, mime: str, value: str | bytes = NOTES, name: str = "", source: str = "data"
) -> dict[str, Any]:
    given = b64(value) if source == "data" else str(value)
    metadata = {"metadata": {"filename": name}} if name else {}
    declared = {"mimeType": mime} if mime else {}
    return {"type": kind, "source": {"type": source, "value": given, **declared}, **metadata}


def text(given: Mapping[str, Any], media: Media = OPENAI) -> str:
    made = chat_part(given, media)
    assert made.keys() == {"type", "text"}
    return str(made["text"])


@pytest.mark.parametrize(
    ("mime", "name"),
    [
        ("text/plain", "notes.txt"),
        ("text/plain; charset=utf-8", "notes.txt"),
        ("text/markdown", "notes.md"),
        ("text/csv", "notes.csv"),
        ("text/html", "notes.html"),
        ("text/x-python", "notes.py"),
        ("application/json", "notes.json"),
        ("application/x-ndjson", "notes.jsonl"),
        ("application/vnd.api+json", "notes.json"),
        ("application/xml", "notes.xml"),
        ("application/x-yaml", "notes.yaml"),
        ("application/toml", "pyproject.toml"),
        ("application/javascript", "notes.js"),
        ("application/sql", "notes.sql"),
        ("application/x-sh", "notes.sh"),
        ("application/octet-stream", "Dockerfile"),
        ("application/x-something-new", "main.go"),
        ("", "main.go"),
        ("", "notes.md"),
        ("image/svg+xml", "notes.svg"),
        ("video/mp2t", "notes.ts"),
    ],
)
@pytest.mark.parametrize("media", [OPENAI, COMPATIBLE, Media()])
def test_texts_are_written_out_with_their_names(mime: str, name: str, media: Media) -> None:
    shown = text(part("document", mime, name=name), media)
    assert shown.startswith(f"[attachment {name} (")
    assert shown.endswith(f")]\n{NOTES}\n[end of {name}]")


@pytest.mark.parametrize(
    ("mime", "raw"),
    [
        ("text/plain; charset=iso-8859-1", NOTES.encode("latin-1")),
        ('text/plain; charset="windows-1252"', NOTES.encode("cp1252")),
        ("text/plain", NOTES.encode("cp1252")),
        ("text/plain", NOTES.encode("utf-16")),
        ("text/plain; charset=utf-8", NOTES.encode("utf-16")),
        ("text/plain", NOTES.encode("utf-8-sig")),
        ("text/plain; charset=nonsense", NOTES.encode()),
        ("text/plain; charset=punycode", NOTES.encode()),
    ],
)
def test_texts_are_read_in_their_charset(mime: str, raw: bytes) -> None:
    assert f"\n{NOTES}\n" in text(part("document", mime, raw))


def test_a_text_that_is_too_long_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "LONGEST_TEXT", 3000)
    monkeypatch.setattr(attachments, "_LONGEST_BASE64", 16_000)
    for character in ("a", "ä", "\U0001f600"):
        shown = text(part("document", "text/plain", character * 20_000, "long.txt"))
        assert f"{character * 3000}\n[the rest was left out]\n[end of long.txt]" in shown


@pytest.mark.parametrize(
    ("given", "media", "declared"),
    [
        (
            part("document", "application/msword", b"\xd0\xcf\x11\xe0\x00" * 3000, "report.doc"),
            OPENAI,
            "report.doc (application/msword, 14 KB)",
        ),
        (
            part("document", "application/pdf", b"%PDF-1.7 ...", "a.pdf"),
            Media(),
            "a.pdf (application/pdf, 12 bytes)",
        ),
        (part("audio", "audio/webm", b"\x1aE"), OPENAI, "audio (audio/webm, 2 bytes)"),
        (part("audio", "audio/ogg", b"OggS"), COMPATIBLE, "audio (audio/ogg, 4 bytes)"),
        (part("image", "image/heic", b"\x00\x01"), OPENAI, "image (image/heic, 2 bytes)"),
        (part("image", "image/bmp", b"BM\x00"), COMPATIBLE, "image (image/bmp, 3 bytes)"),
        (part("video", "video/mp4", b"\x00\x01"), OPENAI, "video (video/mp4, 2 bytes)"),
        (
            part("audio", "audio/mpeg", "https://a.test/a.mp3", source="url"),
            OPENAI,
            "https://a.test/a.mp3",
        ),
        (
            part("document", "", "https://a.test/a.pdf", "a.pdf", source="url"),
            OPENAI,
            "a.pdf (document, https://a.test/a.pdf)",
        ),
        (part("document", "", "file-1", "a.pdf", source="file"), Media(), "a.pdf"),
        (part("image", "image/png", ""), OPENAI, "image (image/png)"),
        (
            {"type": "image", "source": {"type": "data", "value": "%%%", "mimeType": "image/png"}},
            OPENAI,
            "image (image/png)",
        ),
        (
            part("document", "application/zip", b"PK\x03\x04\x00", "x]\n[y.zip"),
            OPENAI,
            "x y.zip (application/zip, 5 bytes)",
        ),
    ],
)
def test_what_a_server_does_not_take_is_named_in_words(
    given: Mapping[str, Any], media: Media, declared: str
) -> None:
    shown = text(given, media)
    assert shown.startswith("[attachment ")
    assert shown.endswith(" could not be passed to this model]")
    assert declared in shown


@pytest.mark.parametrize(
    ("given", "media", "sent"),
    [
        (
            part("image", "image/jpg", b"JPEG"),
            OPENAI,
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,SlBFRw=="}},
        ),
        (
            part("document", "image/png", b"PNG"),
            OPENAI,
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,UE5H"}},
        ),
        (
            part("image", "", "data:image/webp;base64,UE5H", source="url"),
            OPENAI,
            {"type": "image_url", "image_url": {"url": "data:image/webp;base64,UE5H"}},
        ),
        (
            {
                "type": "image",
                "source": {"type": "data", "value": "-_8=\n", "mimeType": "image/gif"},
            },
            OPENAI,
            {"type": "image_url", "image_url": {"url": "data:image/gif;base64,+/8="}},
        ),
        (
            part("audio", "audio/x-wav", b"RIFF"),
            OPENAI,
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        ),
        (
            part("audio", "audio/mp3", b"ID3"),
            COMPATIBLE,
            {"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}},
        ),
        (
            part("video", "video/mp4", b"mp4"),
            COMPATIBLE,
            {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,bXA0"}},
        ),
        (
            part("audio", "audio/ogg", b"OggS"),
            media_of("gemini/gemini-2.5-pro"),
            {"type": "input_audio", "input_audio": {"data": "T2dnUw==", "format": "ogg"}},
        ),
        (
            part("video", "video/mp4", b"mp4", "a.mp4"),
            media_of("vertex_ai/gemini-2.5-pro"),
            {
                "type": "file",
                "file": {"filename": "a.mp4", "file_data": "data:video/mp4;base64,bXA0"},
            },
        ),
    ],
)
def test_what_a_server_takes_is_sent_in_its_form(
    given: Mapping[str, Any], media: Media, sent: Mapping[str, Any]
) -> None:
    assert chat_part(given, media) == sent


@pytest.mark.parametrize(
    ("model", "pdf", "sound", "picture"),
    [
        ("anthropic/claude-sonnet-4-5", True, False, True),
        ("bedrock/anthropic.claude-sonnet", True, False, True),
        ("openai/gpt-4o", True, True, True),
        ("gpt-4o", True, True, True),
        ("claude-sonnet-4-5", True, False, True),
        ("gemini/gemini-2.5-flash", True, True, True),
        ("ollama/llava", False, False, True),
        ("groq/llama-4", False, False, True),
        ("deepseek/deepseek-chat", False, False, False),
        ("somebody/new", False, False, True),
    ],
)
def test_each_provider_of_litellm_is_sent_what_it_takes(
    model: str, pdf: bool, sound: bool, picture: bool
) -> None:
    media = media_of(model)
    kinds = [
        chat_part(part(kind, mime, b"\x00\x01"), media)["type"]
        for kind, mime in (
            ("document", "application/pdf"),
            ("audio", "audio/wav"),
            ("image", "image/png"),
        )
    ]
    expected = [(pdf, "file"), (sound, "input_audio"), (picture, "image_url")]
    assert kinds == [kind if taken else "text" for taken, kind in expected]
