"""Which script a character is of, by a table of code points. Light: safe to import anywhere.

Made from Unicode's own Script property (tests/engine/test_scripts.py holds it against the `regex`
package's): what is of no script (digits, signs, blanks, emoji) has 0, a script without a name here
is "Other".
"""

import numpy as np
import numpy.typing as npt

SCRIPTS: tuple[str, ...] = (
    "Common",
    "Other",
    "Latin",
    "Greek",
    "Cyrillic",
    "Armenian",
    "Hebrew",
    "Arabic",
    "Syriac",
    "Thaana",
    "Devanagari",
    "Bengali",
    "Gurmukhi",
    "Gujarati",
    "Oriya",
    "Tamil",
    "Telugu",
    "Kannada",
    "Malayalam",
    "Sinhala",
    "Thai",
    "Lao",
    "Tibetan",
    "Myanmar",
    "Georgian",
    "Hangul",
    "Ethiopic",
    "Cherokee",
    "Canadian Aboriginal",
    "Khmer",
    "Mongolian",
    "Hiragana",
    "Katakana",
    "Han",
    "Bopomofo",
    "Yi",
    "Tifinagh",
    "Coptic",
    "Javanese",
    "Balinese",
    "Gothic",
    "Runic",
    "Nko",
)

# "code point:script" where a stretch begins, code points in hex, in order.
_STRETCHES = (
    "0:0 41:2 5b:0 61:2 7b:0 aa:2 ab:0 ba:2 bb:0 c0:2 d7:0 d8:2 f7:0 f8:2 2b9:0 2e0:2 2e5:0 "
    "2ea:34 2ec:0 370:3 374:0 375:3 37e:0 37f:3 385:0 386:3 387:0 388:3 3e2:37 3f0:3 400:4 "
    "485:0 487:4 531:5 591:6 600:7 605:0 606:7 60c:0 60d:7 61b:0 61c:7 61f:0 620:7 640:0 "
    "641:7 64b:0 656:7 670:0 671:7 6dd:0 6de:7 700:8 750:7 780:9 7c0:42 800:1 860:8 870:7 "
    "8e2:0 8e3:7 900:10 951:0 955:10 964:0 966:10 980:11 a01:12 a81:13 b01:14 b82:15 c00:16 "
    "c80:17 d00:18 d81:19 e01:20 e3f:0 e40:20 e81:21 f00:22 fd5:0 fd9:22 1000:23 10a0:24 "
    "10fb:0 10fc:24 1100:25 1200:26 13a0:27 1400:28 1680:1 16a0:41 16eb:0 16ee:41 1700:1 "
    "1735:0 1740:1 1780:29 1800:30 1802:0 1804:30 1805:0 1806:30 18b0:28 1900:1 19e0:29 "
    "1a00:1 1ab0:0 1b00:39 1b80:1 1c80:4 1c90:24 1cc0:1 1cd0:0 1d00:2 1d26:3 1d2b:4 1d2c:2 "
    "1d5d:3 1d62:2 1d66:3 1d6b:2 1d78:4 1d79:2 1dbf:3 1dc0:0 1e00:2 1f00:3 2000:0 2071:2 "
    "2074:0 207f:2 2080:0 2090:2 20a0:0 2126:3 2127:0 212a:2 212c:0 2132:2 2133:0 214e:2 "
    "214f:0 2160:2 2189:0 2800:1 2900:0 2c00:1 2c60:2 2c80:37 2d00:24 2d30:36 2d80:26 2de0:4 "
    "2e00:0 2e80:33 2ff0:0 3005:33 3006:0 3007:33 3008:0 3021:33 302a:0 302e:25 3030:0 "
    "3038:33 303c:0 3041:31 3099:0 309d:31 30a0:0 30a1:32 30fb:0 30fd:32 3105:34 3131:25 "
    "3190:0 31a0:34 31c0:0 31f0:32 3200:25 3220:0 3260:25 327f:0 32d0:32 32ff:0 3300:32 "
    "3358:0 3400:33 4dc0:0 4e00:33 a000:35 a4d0:1 a640:4 a6a0:1 a700:0 a722:2 a788:0 a78b:2 "
    "a800:1 a830:0 a840:1 a8e0:10 a900:1 a92e:0 a92f:1 a960:25 a980:38 a9cf:0 a9d0:38 a9e0:23 "
    "aa00:1 aa60:23 aa80:1 ab01:26 ab30:2 ab5b:0 ab5c:2 ab65:3 ab66:2 ab6a:0 ab6c:2 ab70:27 "
    "abc0:1 ac00:25 d800:0 f900:33 fb00:2 fb13:5 fb1d:6 fb50:7 fd3e:0 fd40:7 fe00:0 fe2e:4 "
    "fe30:0 fe70:7 feff:0 ff21:2 ff3b:0 ff41:2 ff5b:0 ff66:32 ff70:0 ff71:32 ff9e:0 ffa0:25 "
    "ffe0:0 10000:1 10100:0 10140:3 10190:0 101a0:3 101d0:0 10280:1 102e0:0 10300:1 10330:40 "
    "10350:1 10780:2 10800:1 10e60:7 10e80:1 10ec2:7 10f00:1 111e1:19 11200:1 1133b:0 1133c:1 "
    "11660:30 11680:1 116d0:23 11700:1 11ab0:28 11ac0:1 11b00:10 11b60:1 11df0:11 11ee0:1 "
    "11fc0:15 12000:1 16fe2:33 16fe4:1 16ff0:33 17000:1 1aff0:32 1b001:31 1b120:32 1b123:31 "
    "1b124:32 1b132:31 1b155:32 1b170:1 1bca0:0 1d200:3 1d250:0 1d800:1 1db00:0 1df00:2 "
    "1dff3:3 1dff5:2 1e000:1 1e030:4 1e100:1 1e7e0:26 1e800:1 1ec71:0 1ee00:7 1f000:0 "
    "1f200:31 1f201:0 20000:33 "
)
_PAIRS = [stretch.split(":") for stretch in _STRETCHES.split()]
_STARTS = np.array([int(start, 16) for start, _ in _PAIRS], np.uint32)
_NUMBERS = np.array([int(number) for _, number in _PAIRS], np.uint8)


def script_numbers(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """For each code point its script, as an index into SCRIPTS; same shape."""
    numbers: npt.NDArray[np.uint8] = _NUMBERS[np.searchsorted(_STARTS, points, "right") - 1]
    return numbers


def script_of(text: str) -> str:
    """The script of a text's first letter, "Common" where it has none."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    numbers = script_numbers(points)
    found = np.flatnonzero(numbers)
    return SCRIPTS[int(numbers[found[0]])] if len(found) else SCRIPTS[0]
