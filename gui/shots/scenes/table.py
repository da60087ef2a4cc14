"""Every scene, in the order they are shown.

None needs another to have been there before it, but the first, which needs that there is no chat
yet.
"""

from gui.shots.scenes import (
    columns,
    details,
    files,
    insight,
    lessons,
    messages,
    pretrain,
    shelf,
    strengths,
    talk,
    tokens,
    tune,
    tune_rows,
    tune_runs,
    typing_help,
    window,
    writing,
)

SCENES = (
    *talk.SCENES,
    *messages.SCENES,
    *window.SCENES,
    *insight.SCENES,
    *strengths.SCENES,
    *columns.SCENES,
    *details.SCENES,
    *files.SCENES,
    *writing.SCENES,
    *typing_help.SCENES,
    *shelf.SCENES,
    *tokens.SCENES,
    *lessons.SCENES,
    *tune.SCENES,
    *tune_rows.SCENES,
    *tune_runs.SCENES,
    *pretrain.SCENES,
)
PICTURES = tuple(name for scene in SCENES for name in scene.pictures)
