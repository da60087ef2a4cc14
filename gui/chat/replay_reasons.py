"""What is not as it was when a reply was written, in sentences: files, template, prompt, machine,
reading, versions. Compares like with like, and nothing that was not noted. Qt-free.
"""

from pathlib import Path

from engine.process.messages import Generated, ModelInfo
from gui.chat.made_with import versions
from gui.chat.receipt import Receipt, is_its_model
from gui.chat.words import tr


def reasons_of(
    receipt: Receipt, result: Generated, model: ModelInfo | None, *, was_disturbed: bool
) -> list[str]:
    """What is not as it was when the reply was written.

    Args:
        result: of the replay. model: the one it ran on.
        was_disturbed: another reply was written during the replay.
    """
    found = [*_model_reasons(receipt, result, model), *_adapter_reasons(receipt, result)]
    found += _prompt_reasons(receipt, result)
    found += _machine_reasons(receipt, model) if model is not None else []
    found += _reading_reasons(receipt, result)
    if was_disturbed:
        found.append(tr("Another reply was written during this replay."))
    return found + _version_reasons(receipt)


# ---- files ----


def _model_reasons(receipt: Receipt, result: Generated, model: ModelInfo | None) -> list[str]:
    if model is None:
        return []
    if receipt.sha256 and result.sha256 and receipt.fingerprint == model.fingerprint:
        # Samples do not see every change; the whole file's hash does.
        if receipt.sha256 == result.sha256:
            return []
        words = tr("The file {name} has other contents than it had then.")
        return [words.format(name=receipt.model_file)]
    if is_its_model(receipt, model):
        return []
    words = tr("The model is another: it was {then}, now it is {now}.")
    return [words.format(then=receipt.model_file, now=model.name)]


def _adapter_reasons(receipt: Receipt, result: Generated) -> list[str]:
    now = {file.path: (file.fingerprint, file.sha256) for file in result.adapter_files}
    words = tr("The adapter {name} is another file than it was then.")
    return [
        words.format(name=Path(path).name)
        for path, fingerprint, sha256 in receipt.adapter_files
        if path in now and _is_other_file((fingerprint, sha256), now[path])
    ]


def _is_other_file(then: tuple[str, str], now: tuple[str, str]) -> bool:
    """Two files by fingerprint and sha256: by the whole where both are known, else by samples."""
    if then[1] and now[1]:
        return then[1] != now[1]
    return bool(then[0]) and then[0] != now[0]


# ---- the prompt ----


def _prompt_reasons(receipt: Receipt, result: Generated) -> list[str]:
    if result.template_hash != receipt.template_hash:
        return [tr("The chat template is another.")]
    if result.prompt_hash == receipt.prompt_hash:
        return []
    if receipt.system_prompt is not None:
        return [tr("What stands before the reply was changed: a message or an attachment.")]
    words = tr(
        "What stands before the reply was changed: a message, an attachment or the system prompt."
    )
    return [words]


# ---- the machine ----


def _machine_reasons(receipt: Receipt, model: ModelInfo) -> list[str]:
    pairs = (
        (
            tr("The context length was {then}, now it is {now}."),
            f"{receipt.n_ctx:,}" if receipt.n_ctx else "",
            f"{model.n_ctx:,}",
        ),
        (tr("It was computed on {then}, now on {now}."), receipt.backend, model.backend),
        (
            tr("{then} layers were on the graphics card, now {now} are."),
            str(receipt.n_gpu_layers) if receipt.n_gpu_layers >= 0 else "",
            str(model.n_gpu_layers),
        ),
        (
            tr("The cache’s numbers were kept as {then}, now as {now}."),
            receipt.kv_type,
            model.kv_type,
        ),
        (
            tr("Flash attention was {then}, now it is {now}."),
            receipt.flash_attention,
            model.flash_attention,
        ),
    )
    return [
        words.format(then=then, now=now)
        for words, then, now in pairs
        if then and now not in ("", then)
    ]


# ---- the reading ----


def _reading_reasons(receipt: Receipt, result: Generated) -> list[str]:
    found = []
    if result.n_threads != receipt.n_threads:
        words = tr("It was written with {then} threads, now with {now}.")
        found.append(words.format(then=receipt.n_threads, now=result.n_threads))
    if not receipt.slices:
        found.append(
            tr(
                "In which pieces its prompt was read is not known: part of it came from an older "
                "file on the disk."
            )
        )
    elif list(result.slices) != receipt.slices:
        found.append(tr("The prompt could not be read in the same pieces as then."))
    if receipt.n_replies > 1:
        words = tr("It was drawn in one batch with {n} other replies, which rounds differently.")
        found.append(words.format(n=receipt.n_replies - 1))
    elif not receipt.alone:
        found.append(
            tr(
                "Other conversations stood in the model’s cache when it was written; they change "
                "the figures a little."
            )
        )
    if receipt.dropped_later:
        found.append(
            tr(
                "In the middle of the reply messages were left out to make room, and the rest was "
                "read once more; in which pieces is not noted."
            )
        )
    return found


def _version_reasons(receipt: Receipt) -> list[str]:
    words = tr("{name} was {then}, now it is {now}.")
    return [
        words.format(name=name, then=receipt.versions[name], now=now or tr("unknown"))
        for name, now in versions().items()
        if receipt.versions.get(name, now) != now
    ]
