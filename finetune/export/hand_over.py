"""What a run made, for other programs: Ollama's Modelfile, LM Studio's folders, a repository of the
hub."""

import shutil
from collections.abc import Callable
from pathlib import Path

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.process.tune_messages import Converted, HandOver, MergeRun
from finetune.export.files import check_room, sha256_of, whole
from finetune.export.full_run import full_model, is_full
from finetune.export.hub_upload import upload
from finetune.export.merge_run import merge_run
from finetune.export.ollama import family_of_file, modelfile
from finetune.export.peft_files import export_peft
from finetune.export.run_product import RunProduct, run_product
from finetune.run.folder import RunFolder, slug
from finetune.work_folder import work_folder

Tell = Callable[[float, str], None]

PUBLISHER = "bathysphere"
LM_STUDIO = Path("~/.lmstudio/models")
NO_FAMILY = " Its chat template is of no family known here, so TEMPLATE is left out."
# What Ollama reads adapters of; others go over merged.
OLLAMA_ADAPTERS = ("llama", "gemma", "gemma2", "gemma3")


def hand_over(request: HandOver, tell: Tell) -> Converted:
    """Write what the other program needs.

    Returns:
        words: how it is used there.

    Raises:
        AppError: the run has no product, the disk is full, the hub refuses.
    """
    run = RunFolder(Path(request.run))
    if request.to == "lm_studio":
        return _lm_studio(run, request, tell)
    if is_full(run) and request.to == "ollama":
        return _whole_for_ollama(run, request, tell)
    product = run_product(request.run)
    if request.to == "ollama":
        return _ollama(product, request, tell)
    return _hub(product, request, tell)


def _whole_for_ollama(run: RunFolder, request: HandOver, tell: Tell) -> Converted:
    """A run that taught every weight goes over as the model that it is."""
    folder = _folder(request)
    family, system = family_of_file(full_model(run))
    target = folder / "model.gguf"
    merge_run(MergeRun(job=0, run=request.run, out=str(target)), _part(tell))
    text = modelfile(target.absolute(), None, family, system)
    return _written(folder, text, _name(run), "" if family else NO_FAMILY)


def _folder(request: HandOver) -> Path:
    if not request.out:
        raise AppError("A folder is needed for the Modelfile.", "Choose one.")
    return Path(request.out)


def _name(run: RunFolder) -> str:
    return slug(run.config().out.name or run.path.name) or "tuned"


def _ollama(product: RunProduct, request: HandOver, tell: Tell) -> Converted:
    folder = _folder(request)
    family, system = family_of_file(product.base)
    said = "" if family else NO_FAMILY
    if read_header(product.base).text("general.architecture") in OLLAMA_ADAPTERS:
        product.checked_base()
        adapter = folder / "adapter.gguf"
        _copy(product.adapter, adapter)
        text = modelfile(product.base.absolute(), adapter.absolute(), family, system)
    else:
        merged = folder / "model.gguf"
        merge_run(MergeRun(job=0, run=request.run, out=str(merged)), _part(tell))
        text = modelfile(merged.absolute(), None, family, system)
        said += " Ollama reads no adapters of this kind of model, so it was merged."
    return _written(folder, text, slug(product.name) or "tuned", said)


def _written(folder: Path, text: str, name: str, said: str) -> Converted:
    with whole(folder / "Modelfile") as beside:
        beside.write_text(text, encoding="utf-8")
    words = f"ollama create {name} -f Modelfile, then ollama run {name}.{said}"
    return _made(folder / "Modelfile", words)


def _lm_studio(run: RunFolder, request: HandOver, tell: Tell) -> Converted:
    """LM Studio lays no adapter over a model: it gets a merged one, in its publisher/model/file."""
    name = _name(run)
    models = Path(request.out).expanduser() if request.out else LM_STUDIO.expanduser()
    out = models / PUBLISHER / name / f"{name}.gguf"
    made = merge_run(MergeRun(job=0, run=request.run, out=str(out)), tell)
    words = f"LM Studio lists it as {PUBLISHER}/{name} under My Models. {made.words}".strip()
    return Converted(
        path=made.path, n_bytes=made.n_bytes, sha256=made.sha256, parity=made.parity, words=words
    )


def _hub(product: RunProduct, request: HandOver, tell: Tell) -> Converted:
    if not request.repository:
        raise AppError("A repository needs a name.", "Names look like owner/name.")
    with work_folder("hub") as folder:
        export_peft(product.checkpoint, folder, product.base.name, product.known(""))
        _copy(product.adapter, folder / "adapter.gguf")
        (folder / "README.md").write_text(_card(product), encoding="utf-8")
        if product.folder.report.is_file():
            _copy(product.folder.report, folder / "report.md")
        address = upload(
            folder, request.repository, request.is_private, lambda done: tell(done, "uploading")
        )
        n_bytes = sum(one.stat().st_size for one in folder.iterdir())
    who = "only you can see it" if request.is_private else "everyone can see it"
    return Converted(path=address, n_bytes=n_bytes, words=f"It is at {address}; {who}.")


def _card(product: RunProduct) -> str:
    """The repository's first page. Names no file's place on this machine."""
    lora, train = product.config.lora, product.config.train
    return "\n".join(
        [
            "---",
            "library_name: peft",
            "tags: [lora, gguf, bathysphere]",
            "---",
            f"# {product.name}",
            "",
            f"A LoRA adapter (rank {lora.rank}, alpha {lora.alpha:g}) for `{product.base.name}`, "
            f"trained with Bathysphere (seed {train.seed}).",
            "",
            "`adapter.gguf` is for llama.cpp (`--lora`); the safetensors are for PEFT.",
            "",
        ]
    )


def _copy(source: Path, target: Path) -> None:
    check_room(target, source.stat().st_size)
    with whole(target) as beside:
        shutil.copyfile(source, beside)


def _part(tell: Tell) -> Tell:
    return lambda fraction, what: tell(0.95 * fraction, what)


def _made(path: Path, words: str) -> Converted:
    return Converted(
        path=str(path), n_bytes=path.stat().st_size, sha256=sha256_of(path), words=words
    )
