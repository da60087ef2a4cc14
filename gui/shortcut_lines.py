"""What keys do where no menu says it: in the field, in a chat that is read, over a token, in the
panels of their own. Words for the sheet of shortcuts; binds nothing.
"""

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication

from gui.commands import Command

Lines = list[tuple[str, str]]


def tr(text: str) -> str:
    """A sentence in the window's language."""
    return QCoreApplication.translate("ShortcutSheet", text)


def hand_written() -> list[Command]:
    """All lines, those of a group together; what is done, and the keys."""
    groups = {
        tr("Writing"): _writing(),
        tr("Reading a chat"): _reading(),
        tr("A message chosen with Alt+↑"): _message(),
        tr("Certainty"): _certainty(),
        tr("Step by token"): _stepping(),
        tr("Columns"): [
            (tr("Go to a column; Tab goes to its settings"), tr("Alt+1 to Alt+4")),
            (tr("Stop what is written, then leave"), tr("Esc")),
            (tr("Answer once more in every column"), "Ctrl+R"),
        ],
        tr("Tokens received"): _received(),
        tr("A message in Tokens > Chat"): [
            (tr("Move it up, down"), tr("Alt+↑, Alt+↓")),
            (tr("Delete it"), tr("Ctrl+Shift+Backspace")),
        ],
        tr("List of chats"): [(tr("Rename the chat"), "F2"), (tr("Delete the chat"), tr("Del"))],
    }
    return list(_commands(groups))


def _commands(groups: dict[str, Lines]) -> Iterator[Command]:
    for name, lines in groups.items():
        for words, keys in lines:
            yield Command(words, name, lambda: None, keys)


def _writing() -> Lines:
    return [
        (tr("Send"), tr("Enter")),
        (tr("New line"), tr("Shift+Enter")),
        (tr("Stop the reply, or leave an edit"), tr("Esc")),
        (tr("Save an edit as it is"), "Ctrl+S"),
        (tr("Save an edited reply and let the model go on"), tr("Ctrl+Enter")),
        (tr("Notebook: go on at the cursor"), tr("Ctrl+Enter")),
    ]


def _reading() -> Lines:
    return [
        (tr("Message before, message after"), tr("Alt+↑, Alt+↓")),
        (tr("Select text"), tr("Shift+arrows")),
        (tr("Beginning, end of the chat"), tr("Home, End")),
    ]


def _message() -> Lines:
    return [
        (tr("What can be done with the message"), tr("Enter")),
        (tr("Version before, version after"), tr("←, →")),
        (tr("Open or fold its reasoning"), tr("Space")),
        (tr("Copy the message"), "Ctrl+C"),
        (tr("Edit the reply"), "F2"),
        (tr("Answer again from here"), "A"),
        (tr("Answer with another model"), "M"),
        (tr("Branch from here into a new chat"), "N"),
        (tr("Good reply"), "G"),
        (tr("Bad reply"), "B"),
        (tr("Correct the reply"), "C"),
        (tr("Show or hide the correction"), "V"),
        (tr("Tags"), "T"),
        (tr("What the model received"), "Ctrl+I"),
        (tr("See it in Tokens"), "I"),
        (tr("No message chosen any more"), tr("Esc")),
    ]


def _certainty() -> Lines:
    return [
        (tr("Token before, token after"), tr("Alt+←, Alt+→")),
        (tr("Surprising token before, after"), tr("Shift+Alt+←, Shift+Alt+→")),
        (tr("Choose what else could have stood there"), tr("↓, ↑")),
        (tr("Go on from there with it"), tr("Enter")),
        (tr("Before the samplers, after them"), tr("←, →")),
        (tr("Close the alternatives"), tr("Esc")),
    ]


def _stepping() -> Lines:
    return [
        (tr("Pick a token by its number"), tr("1 to 9")),
        (tr("Choose a token, pick it"), tr("↓, ↑, Enter")),
        (tr("Let the sampler pick"), tr("Space")),
        (tr("Take the last token back"), tr("Backspace")),
        (tr("Let the model go on by itself"), tr("Ctrl+Enter")),
        (tr("End the reply"), tr("Shift+Enter")),
        (tr("Leave the reply as it is"), tr("Esc")),
    ]


def _received() -> Lines:
    return [
        (tr("Token beside, above, below"), tr("Arrows")),
        (tr("First token, last token"), tr("Home, End")),
        (tr("Copy the token"), tr("Enter")),
        (tr("Search the tokens"), "Ctrl+F"),
        (tr("Next match, match before"), tr("Enter, Shift+Enter")),
        (tr("What can be copied"), tr("Menu key")),
        (tr("Back to the chat"), tr("Esc")),
    ]
