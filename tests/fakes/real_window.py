"""The real window on the user folder in BATHYSPHERE_HOME, in a process of its own, to be killed.

python tests/fakes/real_window.py QUESTION; sends the question when the model is loaded and prints
"worker PID", "shown LETTERS" as the reply comes, and "saved LETTERS" when the store has so many.
"""

import sys
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.paths import user_paths
from gui.app import make_application, make_context
from gui.bench_fork import NO_END
from gui.chat.room import ChatRoom
from gui.window import MainWindow


def say(*words: object) -> None:
    print(*words, flush=True)


def main(question: str) -> int:
    app = make_application()
    context = make_context(app, user_paths().ensure())
    context.settings.change(threads=1)
    window = MainWindow(context)
    room = cast(ChatRoom, window.widget_of("chat"))
    given: dict[str, int] = {}

    def send() -> None:
        say("worker", context.engine.pid)
        # Left to itself, a reply may be over before it is killed, or right after it is continued:
        # the likeliest words are not the same on every processor.
        room.details.change("temperature", 0.0)
        room.details.change("logit_bias", NO_END)
        room.work.composer.edit.setPlainText(question)
        room.work.composer.send_button.click()

    def on_text(reply_id: str, _text: str) -> None:
        reply = room.replies.streaming(reply_id)
        letters = len(reply.text) if reply is not None else 0
        # What was shown before a saving began is on the disk when it has ended.
        given.setdefault(reply_id, letters)
        say("shown", letters)

    def on_saved(reply_id: str) -> None:
        say("saved", given.pop(reply_id, 0))

    room.loader.model_loaded.connect(lambda _model: send())
    room.replies.text_arrived.connect(on_text)
    room.replies.saved.connect(on_saved)
    window.show()
    context.engine.start()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
