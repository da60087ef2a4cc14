"""What is asked in the pictures, and what is said in those that no starter model would write: a
reply that reasons, one with mathematics, one with links.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.process.messages import Role

TIDE = "Explain to a child what a tide is."
TIPS = "Write three tips for learning to dive, as a numbered list with a bold title each."
DEEPEST = "What is the deepest place in the ocean? One sentence."
CLASS = "Write a short Python class for a submarine with a dive method. Use a code block."
TABLE = "Make a Markdown table of three fruits with their colour and taste."
SLEEP = "Why do we sleep?"
OCEAN = "What is the ocean?"
SKY = "Why is the sky blue?"
DUSK = "Why is the sky red at dusk?"
NAME = "Suggest a name for a small research submarine, and say why."

PRESSURE = "How does the pressure grow with depth? With the formula, a table and some code."
PRESSURE_TOLD = r"""The pressure at depth $h$ in sea water of density $\rho$ is

$$p(h) = p_0 + \rho g h, \qquad \frac{\mathrm{d}p}{\mathrm{d}h} = \rho g
\approx 1.01 \times 10^{4}\ \frac{\mathrm{Pa}}{\mathrm{m}}$$

so every **ten metres** add about one atmosphere:

| Place | Depth (m) | Pressure (bar) |
| --- | ---: | ---: |
| A swimming pool | 3 | 1.3 |
| The *Titanic* | 3,800 | 385 |
| Challenger Deep | 10,935 | 1,106 |

```python
def pressure_bar(depth_m: float, density: float = 1025.0) -> float:
    # 1.013 bar of air stands on top of it
    return 1.013 + density * 9.81 * depth_m / 1e5
```

> Water yields a little: at the bottom it is some 5 % denser, which the formula leaves out.
"""

WINDOW = "A diver sees the sun under an angle of 48° at most. Why?"
WINDOW_THOUGHT = r"""Total reflection seen from below. Critical angle: $\arcsin(1 / 1.33)$, 48.6°.

- Light from the whole sky is bent into a cone of that half angle.
- Outside the cone the surface reflects the dark water below.

So the question is about Snell's window. I should say where the figure comes from and keep it short.
"""
WINDOW_TOLD = (
    "Because light is bent towards the vertical when it enters the water. Even light that grazes "
    "the surface comes down at **48.6°** at most, so the whole sky fits into a round window above "
    "the diver; around it the surface is a mirror of the deep. It is called *Snell's window*."
)

READING = "Where can I read on about deep dives?"
READING_TOLD = """Some good places to begin:

1. [The dive of 1934](https://en.wikipedia.org/wiki/Bathysphere), in the first bathysphere
2. [NOAA Ocean Exploration](https://oceanexplorer.noaa.gov/), with the logs of recent dives
3. [www.whoi.edu/alvin](https://alvin.example.net/visit?from=reply), the submarine *Alvin*
"""


@dataclass(frozen=True)
class Said:
    """A message that is put into the store as it is."""

    role: Role
    content: str
    details: Mapping[str, Any] = field(default_factory=dict)


def told(question: str, answer: str, **details: Any) -> list[Said]:
    """A whole turn, with what the footer says of it."""
    cost = {
        "finish": "stop",
        "seed": 1,
        "n_prompt": 38,
        "n_reused": 0,
        "n_decoded": 38,
        "n_generated": len(answer) // 4,
        "tokens_per_s": 31.4,
        "first_token_ms": 240.0,
    }
    return [Said("user", question), Said("assistant", answer.strip(), {**cost, **details})]
