"""A finished run's files, for whoever makes something of them: its base, its adapter, where both
come from. Light; raises sentences where something is missing."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.models.library import resolve_model
from finetune.config import RunConfig
from finetune.export.adapter_gguf import check_base
from finetune.export.files import gone, sha256_of
from finetune.export.provenance import Value
from finetune.measure.results import read_result
from finetune.run.folder import RunFolder


@dataclass(frozen=True)
class RunProduct:
    """folder: the run's; adapter: the GGUF of its product, or of a checkpoint; checkpoint: the
    folder that it was made from."""

    folder: RunFolder
    config: RunConfig
    base: Path
    adapter: Path
    checkpoint: Path

    @property
    def name(self) -> str:
        return self.config.out.name or self.folder.path.name

    def checked_base(self) -> str:
        """The base's sha256. Raises AppError where it is gone, or is another file by now."""
        return check_base(self.adapter, self.base)

    def known(self, base_sha256: str) -> dict[str, Value]:
        """Where what is made of it comes from."""
        return {
            "base": self.base.name,
            "base_sha256": base_sha256,
            "adapter_sha256": sha256_of(self.adapter),
            "dataset": Path(self.config.data.path).name,
            "run": self.folder.path.name,
            "seed": self.config.train.seed,
        }


def run_product(run: str, checkpoint: str = "") -> RunProduct:
    """What a run made.

    Args:
        run: its folder. checkpoint: the name of one of its checkpoints, "" for the product.

    Raises:
        AppError: there is no such run, it has no product yet, its base is gone.
    """
    folder = RunFolder(Path(run))
    if not folder.run_toml.is_file():
        raise AppError("This run is not there any more.", "Look at the list of runs again.", run)
    config = folder.config()
    if config.train.method == "full":
        raise AppError(
            "This run taught every weight, so it has no adapter.",
            "Its product is a whole model: write that as one file.",
            run,
        )
    made_from = _checkpoint(folder, checkpoint)
    adapter = made_from / "adapter.gguf" if checkpoint else folder.adapter
    if not adapter.is_file():
        words = "This checkpoint has no adapter." if checkpoint else "This run has no product yet."
        raise AppError(words, "Let the run come to its end, or resume it.", str(adapter))
    try:
        base = resolve_model(config.base.path)
    except AppError as error:
        raise gone(Path(config.base.path)) from error
    return RunProduct(folder, config, base, adapter, made_from)


def _checkpoint(folder: RunFolder, name: str) -> Path:
    if name:
        return folder.checkpoints / Path(name).name
    result = read_result(folder)
    if result is not None and (folder.checkpoints / f"step-{result.step}").is_dir():
        return folder.checkpoints / f"step-{result.step}"
    return _trained_from(folder)


def _trained_from(folder: RunFolder) -> Path:
    """The best checkpoint, as the run noted it before it made its product."""
    try:
        noted = msgspec.json.decode(folder.trained.read_bytes())
        return folder.checkpoints / Path(str(noted["best"])).name
    except (OSError, msgspec.MsgspecError, KeyError, TypeError):
        return folder.checkpoints / "none"
