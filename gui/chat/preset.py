"""A preset: a system prompt, sampling settings, or what a reply must be like, under a name.

Qt-free.

A part that a preset does not have is left alone when it is used. A part that it has is set whole:
what the part does not name goes to its default, so that a preset always means the same.
"""

from typing import Any

from msgspec import Struct

from gui.chat.chat_settings import ChatSettings

SAMPLING = (
    "temperature",
    "top_p",
    "min_p",
    "top_k",
    "typical_p",
    "top_n_sigma",
    "xtc_probability",
    "xtc_threshold",
    "repeat_penalty",
    "frequency_penalty",
    "presence_penalty",
    "penalty_last_n",
    "dry_multiplier",
    "dry_base",
    "dry_allowed_length",
    "dry_last_n",
    "dry_breakers",
    "mirostat",
    "mirostat_tau",
    "mirostat_eta",
    "seed",
)
OUTPUT = (
    "max_tokens",
    "reasoning_budget",
    "stop",
    "json_schema",
    "grammar",
    "logit_bias",
    "overflow",
)


class Preset(Struct, frozen=True):
    """sampling, output: settings by name, None where the preset does not speak of them. file_name:
    where it lies in the folder of presets, "" for one that came with the app.
    """

    name: str
    about: str = ""
    system_prompt: str | None = None
    sampling: dict[str, Any] | None = None
    output: dict[str, Any] | None = None
    file_name: str = ""

    @property
    def is_own(self) -> bool:
        """It is the person's, and can be changed."""
        return bool(self.file_name)

    def used_on(self, settings: ChatSettings) -> ChatSettings:
        """The settings with this preset in use."""
        values: dict[str, Any] = {"preset": self.name}
        if self.system_prompt is not None:
            values["system_prompt"] = self.system_prompt
        plain = ChatSettings()
        for names, said in ((SAMPLING, self.sampling), (OUTPUT, self.output)):
            if said is not None:
                values |= {name: said.get(name, getattr(plain, name)) for name in names}
        for name, value in values.items():
            settings = settings.with_value(name, value)
        return settings

    def is_in_use(self, settings: ChatSettings) -> bool:
        """The settings are what this preset makes of them."""
        return self.used_on(settings) == settings.with_value("preset", self.name)


def preset_from(
    settings: ChatSettings,
    name: str,
    *,
    has_sampling: bool,
    has_prompt: bool,
    has_output: bool,
    about: str = "",
    file_name: str = "",
) -> Preset:
    """A preset of what is set now."""
    return Preset(
        name=name,
        about=about,
        system_prompt=settings.system_prompt if has_prompt else None,
        sampling=_said(settings, SAMPLING) if has_sampling else None,
        output=_said(settings, OUTPUT) if has_output else None,
        file_name=file_name,
    )


def _said(settings: ChatSettings, names: tuple[str, ...]) -> dict[str, Any]:
    """The values that are not the default; the first few always, for whoever reads the file."""
    plain = ChatSettings()
    values = {name: getattr(settings, name) for name in names}
    always = SAMPLING[:4]
    return {
        name: value
        for name, value in values.items()
        if name in always or value != getattr(plain, name)
    }
