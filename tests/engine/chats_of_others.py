"""Small files of chats as other programs write them, for the tests of importing."""

import json
from typing import Any


def data(value: Any) -> bytes:
    """A document as the bytes of its file."""
    return json.dumps(value).encode()


def _chatgpt_node(
    node_id: str, parent: str | None, role: str, content: dict[str, Any], **more: Any
) -> dict[str, Any]:
    message = {
        "id": node_id,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": 1.7e9 + 1,
        "content": content,
        "status": "finished_successfully",
        "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
        "recipient": "all",
        **more,
    }
    return {"id": node_id, "message": message, "parent": parent, "children": []}


def _text(*parts: Any) -> dict[str, Any]:
    return {"content_type": "text", "parts": list(parts)}


CHATGPT: dict[str, Any] = {
    "title": "Sea",
    "create_time": 1.7e9,
    "update_time": 1.7e9 + 9,
    "conversation_id": "c1",
    "current_node": "a2b",
    "mapping": {
        "root": {"id": "root", "message": None, "parent": None, "children": ["sys"]},
        "sys": _chatgpt_node("sys", "root", "system", _text("")),
        "hidden": _chatgpt_node(
            "hidden",
            "sys",
            "user",
            {"content_type": "user_editable_context", "user_profile": "secret", "parts": ["x"]},
            metadata={"is_visually_hidden_from_conversation": True},
        ),
        "q": _chatgpt_node(
            "q",
            "hidden",
            "user",
            {
                "content_type": "multimodal_text",
                "parts": ["Why is the sea salt?", {"content_type": "image_asset_pointer"}],
            },
        ),
        "a1": _chatgpt_node("a1", "q", "assistant", _text("Rivers, I think.")),
        "a2": _chatgpt_node("a2", "q", "assistant", _text("Let me look.")),
        "call": _chatgpt_node(
            "call",
            "a2",
            "assistant",
            {"content_type": "code", "language": "json", "text": "search()"},
            recipient="browser",
        ),
        "tool": _chatgpt_node("tool", "call", "tool", _text("a page")),
        "a2b": _chatgpt_node(
            "a2b", "tool", "assistant", _text("Rivers carry it\ue200cite\ue202turn0\ue201.")
        ),
    },
}

OPEN_WEBUI: dict[str, Any] = {
    "id": "w1",
    "title": "Sea",
    "pinned": True,
    "archived": False,
    "created_at": 1_700_000_000,
    "updated_at": 1_700_000_100,
    "chat": {
        "title": "Sea",
        "models": ["small"],
        "params": {"system": "Be brief."},
        "history": {
            "currentId": "r1",
            "messages": {
                "q": {
                    "id": "q",
                    "parentId": None,
                    "childrenIds": ["r1", "r2"],
                    "role": "user",
                    "content": "Why?",
                    "timestamp": 1_700_000_001,
                    "files": [
                        {"type": "file", "name": "a.txt", "file": {"data": {"content": "Salt."}}}
                    ],
                },
                "r1": {
                    "id": "r1",
                    "parentId": "q",
                    "role": "assistant",
                    "content": '<details type="reasoning" done="true" duration="3">\n'
                    "<summary>Thought for 3 seconds</summary>\n"
                    "&gt; Hm &lt;b&gt;.\n&gt; Rivers.\n</details>\nRivers carry it.",
                    "model": "small:1",
                    "modelName": "Small 1",
                    "timestamp": 1_700_000_002,
                    "annotation": {"rating": 1, "tags": ["sea"]},
                },
                "r2": {"id": "r2", "parentId": "q", "role": "assistant", "content": "No idea."},
            },
        },
    },
}

FLAT: list[dict[str, Any]] = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi"},
]

SHAREGPT: list[dict[str, Any]] = [
    {"from": "system", "value": "Be kind."},
    {"from": "human", "value": "Hello"},
    {"from": "gpt", "value": "Hi there"},
]


def _single(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "singleStep", "role": role, "content": list(parts)}


def _block(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "contentBlock", "content": [{"type": "text", "text": text}], **more}


LM_STUDIO: dict[str, Any] = {
    "name": "Sea",
    "pinned": False,
    "createdAt": 1_700_000_000_000,
    "systemPrompt": "Be brief.",
    "messages": [
        {
            "versions": [
                _single(
                    "user",
                    {"type": "text", "text": "Why is the sea salt?"},
                    {"type": "file", "fileIdentifier": "1.txt"},
                )
            ],
            "currentlySelected": 0,
        },
        {
            "versions": [
                {"type": "multiStep", "role": "assistant", "steps": [_block("Rivers?")]},
                {
                    "type": "multiStep",
                    "role": "assistant",
                    "senderInfo": {"senderName": "small-7b"},
                    "steps": [
                        _block("<think>Hm.</think>", style={"type": "thinking", "ended": True}),
                        {"type": "toolStatus"},
                        _block("Rivers carry it."),
                        {"type": "debugInfoBlock"},
                    ],
                },
            ],
            "currentlySelected": 1,
        },
        {
            "versions": [_single("user", {"type": "text", "text": "And lakes?"})],
            "currentlySelected": 0,
        },
    ],
}

OWN: dict[str, Any] = {
    "format": "bathysphere-chats",
    "version": 1,
    "chats": [
        {
            "title": "Sea",
            "title_is_auto": False,
            "created_s": 1.7e9,
            "updated_s": 1.7e9,
            "head_id": "q",
            "settings": "{}",
            "messages": [
                {
                    "id": "q",
                    "parent_id": None,
                    "role": "user",
                    "content": "Why?",
                    "created_s": 1.7e9,
                    "details": {"n": 1},
                    "tags": ["sea"],
                    "tokens": "kA==",
                }
            ],
        }
    ],
}

ALL: list[Any] = [[CHATGPT], [OPEN_WEBUI], LM_STUDIO, [{"conversations": SHAREGPT}], FLAT, OWN]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """All (container, key) of a document."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        found += [(one, key) for key in keys]
        waiting += [one[key] for key in keys if isinstance(one[key], dict | list)]
    return found


KEYS: list[str] = sorted({str(key) for one in ALL for _, key in _places(one)})


def replace_at(document: Any, place: int, value: Any) -> None:
    """Put a value into one of the document's places."""
    places = _places(document)
    if places:
        container, key = places[place % len(places)]
        container[key] = value
