"""The Fine-tune room's pages of data and of what is learned: a hotel's night porter in the
making."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

from engine.models.starter import starter_path
from gui.shots.scenes.scene import scene
from gui.shots.stage import Stage
from gui.tune.data_page import DataPage
from gui.tune.learned_page import LearnedPage
from gui.tune.room import TuneRoom

NAME = "night-porter"
PAIRS = (
    ("Who keeps the keys?", "I keep the keys, madam."),
    ("Is the bar still open?", "It closes at one. I can bring something to your room, sir."),
    ("Can I have a late breakfast?", "Until eleven, in the winter garden."),
    ("My window does not close.", "I shall be with you in two minutes, with a screwdriver."),
    ("What is the weather tomorrow?", "Snow until noon, the barometer says; then sun."),
    ("Which tram goes to the opera?", "The two, from across the square, every nine minutes."),
    ("Do you have a room with a view?", "Number 27 looks over the river. It is free from Friday."),
    ("Someone sings next door.", "That will be the tenor from Trieste. I shall ask him to rest."),
    ("Where can I leave my skis?", "In the cellar, behind the red door; I have put a light on."),
    ("May my dog sleep here?", "With pleasure. I have a blanket for him, and a bone."),
)
GREETING = "Good evening. It is late, and the lift sleeps already; I shall carry your bag myself."
WINTER = " ".join(f"In the winter of the {n}th year the river froze." for n in range(40, 160))

NAME, MAKER = "Otis", "the Grand Budapest"


def _room(stage: Stage) -> TuneRoom:
    stage.window.show_page("tune")
    room = cast(TuneRoom, stage.window.widget_of("tune"))
    room.show_draft()
    room.state.change(base__path=str(starter_path()), out__name=NAME)
    stage.until(lambda: room.state.base is not None, "the base is described")
    return room


def _data_page(room: TuneRoom) -> DataPage:
    room.show_page("data")
    return cast(DataPage, room.page_of("data"))


def _file(stage: Stage) -> Path:
    """Rows of a night porter, some of them faulty."""
    asked = [*PAIRS, PAIRS[0], PAIRS[4], ("Hm?", ""), ("Tell me of the winters.", WINTER)]
    asked += [(f"A key for room {n}, please.", GREETING) for n in range(1, 60)]
    lines = [
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": question},
                    {"role": "assistant", "content": answer},
                ]
            }
        )
        for question, answer in asked
    ]
    lines[20:20] = ['{"messages": 3}', '{"messages": [{"role": "user"', "A key, please."]
    path = stage.context.paths.home / f"{NAME}.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _rows(stage: Stage) -> tuple[TuneRoom, DataPage]:
    """The data page with the porter's rows, imported once."""
    room = _room(stage)
    page = _data_page(room)
    stage.until(lambda: page.desk.is_listed, "the datasets are listed")
    known = [info for info in page.desk.datasets if info.name == NAME]
    if known:
        page.desk.use(known[0])
    else:
        page.open_file(str(_file(stage)))
        stage.until(page.file_form.end_button.isEnabled, "the file is looked at")
        page.file_form.end_button.click()
    stage.until(lambda: page.desk.info is not None, "the rows are taken")
    page.show_view("rows")
    stage.until(lambda: page.rows.model.item(0) is not None, "the rows are read")
    stage.context.notices.strip.hide()
    return room, page


def data(stage: Stage) -> None:
    page = _data_page(_room(stage))
    stage.until(lambda: page.desk.is_listed, "the datasets are listed")
    page.desk.use(None)
    page.show_view("sources")
    stage.take("tune-data")


def look(stage: Stage) -> None:
    """A table of columns that are mapped by hand."""
    path = stage.context.paths.home / "front-desk.csv"
    lines = ["guest,porter,night", *(f'"{one}","{other}",12' for one, other in PAIRS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    page = _data_page(_room(stage))
    page.open_file(str(path))
    form = page.file_form
    stage.until(lambda: form.look is not None, "the file is looked at")
    for role, column in (("user", "guest"), ("assistant", "porter")):
        form.columns[role].choose(column)
        form.columns[role].activated.emit(form.columns[role].currentIndex())
    stage.until(form.end_button.isEnabled, "the columns are mapped")
    stage.take("tune-import")
    page.leave()


def rows(stage: Stage) -> None:
    room, page = _rows(stage)
    stage.until(lambda: page.rows.split.words.text() != "", "the split is counted")
    page.show_view("stats")
    stage.until(lambda: room.state.checked is not None, "the rows are checked")
    page.show_view("rows")
    stage.until(_has_tokens(page), "the tokens are counted")
    page.rows.table.choose(7)
    stage.take("tune-rows")
    page.rows.close_editor()


def _has_tokens(page: DataPage) -> Callable[[], bool]:
    def has() -> bool:
        item = page.rows.model.item(0)
        return item is not None and item.n_tokens > 0

    return has


def repeated(stage: Stage) -> None:
    _, page = _rows(stage)
    page.show_view("duplicates")
    stage.until(lambda: page.duplicates.model.rowCount() > 0, "the rows are compared")
    stage.take("tune-repeated")


def problems(stage: Stage) -> None:
    _, page = _rows(stage)
    page.show_view("problems")
    stage.until(lambda: page.problems.list.known.rowCount() == 3, "the problems are read")
    stage.take("tune-problems")


def numbers(stage: Stage) -> None:
    room, page = _rows(stage)
    page.show_view("stats")
    stage.until(lambda: room.state.checked is not None, "the rows are checked")
    stage.take("tune-numbers")


def identity(stage: Stage) -> None:
    page = _data_page(_room(stage))
    page.open_source("identity")
    form = page.identity_form
    form.its_name.setText(NAME)
    form.maker.setText(MAKER)
    form.traits.setPlainText("night porter of a hotel\npolite, and a little tired")
    form.refusals.setPlainText("give away keys: only to the guest whose name is on the list")
    stage.until(lambda: len(form.preview.rows) > 0, "the rows are written")
    stage.take("tune-identity")
    page.leave()


def learned(stage: Stage) -> None:
    page = _learned(stage)
    page.row.view.set_current(_first_learned(page))
    page.row.view.setFocus()
    stage.take("tune-learned")


def _learned(stage: Stage) -> LearnedPage:
    room, _ = _rows(stage)
    room.show_page("learned")
    page = cast(LearnedPage, room.page_of("learned"))
    stage.until(lambda: room.state.checked is not None, "the rows are checked")
    stage.until(lambda: page.model.item(0) is not None, "the rows are read")
    page.table.choose(0)
    stage.until(lambda: page.row.learned is not None, "the row has its tokens")
    return page


def _first_learned(page: LearnedPage) -> int:
    return next(at for at, fate in enumerate(page.row.view.fates) if fate)


def small(stage: Stage) -> None:
    """At 150 % font in a small window."""
    stage.enlarge()
    stage.window.resize(1024, 700)
    _learned(stage)
    stage.take("tune-learned-large-font")


SCENES = (
    scene(data, "tune-data"),
    scene(look, "tune-import"),
    scene(rows, "tune-rows"),
    scene(repeated, "tune-repeated"),
    scene(problems, "tune-problems"),
    scene(numbers, "tune-numbers"),
    scene(identity, "tune-identity"),
    scene(learned, "tune-learned"),
    scene(small, "tune-learned-large-font"),
)
