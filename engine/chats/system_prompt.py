"""The system prompt in a chat's settings, which are JSON of the window's making."""

import json


def system_prompt_of(settings: str) -> str:
    """The prompt, or "" where there is none or the settings are of another form."""
    try:
        values = json.loads(settings) if settings else {}
    except (json.JSONDecodeError, RecursionError):
        return ""
    prompt = values.get("system_prompt") if isinstance(values, dict) else None
    return prompt if isinstance(prompt, str) and prompt.strip() else ""
