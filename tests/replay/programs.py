"""Small programs with one planted cause each, and look-alikes that have none.

- Each is a whole file with one function, as its author would have written it, the inputs that it
  is called with, and the variable that the report must name.
- `line` is a text that stands in the line that must be named as the cause; empty where there is
  no such line to be named.
"""
# ruff: noqa: E501 (the programs are data, and a line of theirs is a line)

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """One program."""

    name: str
    source: str
    inputs: tuple[str, ...]
    variable: str
    line: str = ""
    rules: tuple[str, ...] = ()


ORDERS = ('["apple", "pear", "plum", "fig"]', '["kiwi", "lime", "date", "nut", "apple"]')
NOTHING = ("null",)

PLANTED = (
    Program(
        "the order of a set of names",
        "def entry(names):\n    chosen = set(names)\n    return [name for name in chosen]\n",
        ORDERS,
        "PYTHONHASHSEED",
        "for name in chosen",
        ("QFS401",),
    ),
    Program(
        "a dict made from a set",
        "import json\n\ndef entry(names):\n    table = {name: len(name) for name in set(names)}\n"
        "    return json.dumps(table)\n",
        ORDERS,
        "PYTHONHASHSEED",
        "for name in set(names)",
    ),
    Program(
        "a float sum in the order of a set",
        "def entry(names):\n    prices = {n: 0.1 * (i + 1) * 10 ** (5 * i - 8) for i, n in enumerate(names)}\n"
        "    total = 0.0\n    for name in set(names) | {'a', 'b', 'c', 'd'}:\n"
        "        total += prices.get(name, 0.3)\n    return total\n",
        ORDERS,
        "PYTHONHASHSEED",
        "in set(names)",
    ),
    Program(
        "a set in a pickle",
        "import pickle\n\ndef entry(names):\n    return pickle.dumps(set(names)).hex()\n",
        ORDERS,
        "PYTHONHASHSEED",
        "pickle.dumps",
    ),
    Program(
        "sorted by address",
        "class Order:\n    def __init__(self, name):\n        self.name = name\n\n"
        "def entry(names):\n    orders = [Order(name) for name in names] + [[] for _ in range(9)]\n"
        "    orders = [Order(name) for name in names]\n"
        "    return [order.name for order in sorted(orders, key=lambda o: id(o) * 2654435761 % 65521)]\n",
        ORDERS,
        "addresses|allocator",
    ),
    Program(
        "an address in a text",
        "class Book:\n    pass\n\ndef entry(x):\n    return f'rejected by {Book()}'\n",
        NOTHING,
        "addresses|allocator",
        "Book()",
        ("QFS303",),
    ),
    Program(
        "files in the order of the folder",
        "import os\nfrom pathlib import Path\n\ndef entry(names):\n    folder = Path('orders')\n"
        "    folder.mkdir(exist_ok=True)\n    for name in names:\n        (folder / name).touch()\n"
        "    return [one.name for one in folder.glob('*')]\n",
        ORDERS,
        "directory-order",
        "folder.glob",
        ("QFS408", "QFS702"),
    ),
    Program(
        "the time of day",
        "import datetime\n\ndef entry(x):\n    day = datetime.date.today()\n    return day.isoformat()\n",
        NOTHING,
        "clock",
        "date.today()",
        ("QFS101",),
    ),
    Program(
        "a time bound when the module was loaded",
        "from time import time\n\nSTARTED = time()\n\ndef entry(x):\n    return int(STARTED)\n",
        NOTHING,
        "clock",
        "STARTED = time()",
        ("QFS101",),
    ),
    Program(
        "the machine's time zone",
        "import datetime\n\ndef entry(seconds):\n"
        "    moment = datetime.datetime.fromtimestamp(seconds)\n    return moment.isoformat()\n",
        ("0", "1000000000"),
        "TZ",
        "fromtimestamp",
        ("QFS606",),
    ),
    Program(
        "the encoding of the locale",
        "from pathlib import Path\n\ndef entry(text):\n    Path('out.txt').write_text(text)\n"
        "    return Path('out.txt').read_bytes().hex()\n",
        ('"caf\\u00e9"',),
        "LC_ALL",
        "write_text",
    ),
    Program(
        "the names of months",
        "import locale\nimport time\n\ndef entry(x):\n    locale.setlocale(locale.LC_ALL, '')\n"
        "    return time.strftime('%B', time.gmtime(0))\n",
        NOTHING,
        "LC_ALL",
        "setlocale|strftime",
    ),
    Program(
        "a shared generator",
        "import random\n\ndef entry(names):\n    random.shuffle(names)\n    return names\n",
        ORDERS,
        "random",
        "random.shuffle",
        ("QFS201",),
    ),
    Program(
        "a generator without a seed, made once",
        "import random\n\nRNG = random.Random()\n\ndef entry(x):\n    return RNG.random()\n",
        NOTHING,
        "random",
        "RNG = random.Random()",
        ("QFS202",),
    ),
    Program(
        "a random identity",
        "import uuid\n\ndef entry(x):\n    return {'order': str(uuid.uuid4()), 'side': 'buy'}\n",
        NOTHING,
        "random",
        "uuid.uuid4",
        ("QFS204",),
    ),
    Program(
        "a setting of the environment",
        "import os\n\ndef entry(x):\n    limit = int(os.environ.get('ORDER_LIMIT', '10'))\n"
        "    return min(x, limit)\n",
        ("50",),
        "$ORDER_LIMIT",
        "ORDER_LIMIT",
        ("QFS601",),
    ),
    Program(
        "the name of the user",
        "import getpass\n\ndef entry(x):\n    return f'approved by {getpass.getuser()}'\n",
        NOTHING,
        "USER",
        "getuser",
    ),
    Program(
        "the number of CPUs",
        "import os\n\ndef entry(x):\n    parts = os.cpu_count()\n    return [x // parts] * parts\n",
        ("1000",),
        "cpu-count",
        "cpu_count",
    ),
    Program(
        "a check that -O removes",
        "def entry(x):\n    try:\n        assert x > 0\n    except AssertionError:\n        return 'no'\n"
        "    return 'yes'\n",
        ("5", "-5"),
        "optimize",
        "assert x > 0|try:",
    ),
    Program(
        "a number too long to be printed",
        "def entry(x):\n    try:\n        return len(str(10 ** x))\n    except ValueError:\n"
        "        return 'too long'\n",
        ("100", "5000"),
        "int-digits",
        "str(10",
    ),
    Program(
        "what the collector has left",
        "import gc\nimport weakref\n\nclass Node:\n    pass\n\ndef entry(x):\n    alive = weakref.WeakSet()\n"
        "    for number in range(3000):\n        node = Node()\n        node.itself = node\n"
        "        alive.add(node)\n    return len(alive)\n",
        NOTHING,
        "gc",
    ),
    Program(
        "the working folder",
        "import os\n\ndef entry(x):\n    return os.getcwd()\n",
        NOTHING,
        "cwd",
        "os.getcwd",
        ("QFS605",),
    ),
    Program(
        "the name of a temporary file",
        "import tempfile\n\ndef entry(x):\n    with tempfile.NamedTemporaryFile() as file:\n"
        "        return file.name\n",
        NOTHING,
        "random|TMPDIR",
        "NamedTemporaryFile",
    ),
    Program(
        "a race",
        "import threading\n\ndef entry(x):\n    total = [0]\n    def work():\n        for _ in range(300):\n"
        "            seen = total[0]\n            total[0] = seen + 1\n"
        "    threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "    for one in threads:\n        one.start()\n    for one in threads:\n        one.join()\n"
        "    return total[0]\n",
        NOTHING,
        "threads",
        "seen = total[0]",
    ),
    Program(
        "results as they arrive",
        "from concurrent.futures import ThreadPoolExecutor, as_completed\n\ndef entry(names):\n"
        "    with ThreadPoolExecutor(4) as pool:\n        jobs = [pool.submit(len, name) for name in names]\n"
        "        return [job.result() for job in as_completed(jobs)]\n",
        ('["a", "bb", "ccc", "dddd", "eeeee", "ffffff"]',),
        "threads",
        "as_completed(jobs)",
    ),
    Program(
        "a module global",
        "_seen = []\n\ndef entry(x):\n    _seen.append(x)\n    return len(_seen)\n",
        ("1", "2"),
        "history",
        "_seen",
    ),
    Program(
        "a mutable default",
        "def entry(x, found=[]):\n    found.append(x)\n    return list(found)\n",
        ("1", "2"),
        "history",
        "found=[]",
    ),
    Program(
        "a cache of what changes",
        "from functools import lru_cache\n\nclass Desk:\n    rate = 1\n\n@lru_cache\ndef priced(x):\n"
        "    return x * Desk.rate\n\ndef entry(x):\n    result = priced(x)\n    Desk.rate += 1\n"
        "    return result if x < 3 else Desk.rate\n",
        ("1", "2", "3"),
        "history",
    ),
    Program(
        "a sum that Python 3.12 does more exactly",
        "def entry(x):\n    return sum([0.1] * x)\n",
        ("10",),
        "python",
        "sum(",
    ),
)

ALIKE = (
    Program(
        "a file in the folder for temporary files",
        "import tempfile\n\ndef entry(x):\n    with tempfile.TemporaryDirectory(prefix='a') as name:\n"
        "        with open(name + '/b', 'w') as file:\n            file.write('c')\n"
        "        with open(name + '/b') as file:\n            return file.read()\n",
        NOTHING,
        "",
    ),
    Program("a sorted set", "def entry(names):\n    return sorted(set(names))\n", ORDERS, ""),
    Program(
        "a set that is only counted", "def entry(names):\n    return len(set(names))\n", ORDERS, ""
    ),
    Program(
        "a seeded generator",
        "import random\n\ndef entry(seed):\n    return random.Random(seed).random()\n",
        ("1", "2"),
        "",
    ),
    Program(
        "a time that is given",
        "import datetime\n\ndef entry(seconds):\n"
        "    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()\n",
        ("0", "1000000000"),
        "",
    ),
    Program(
        "a sorted folder",
        "from pathlib import Path\n\ndef entry(names):\n    for name in names:\n        Path(name).touch()\n"
        "    return sorted(one.name for one in Path('.').glob('*e*') if one.name in names)\n",
        ORDERS,
        "",
    ),
    Program(
        "threads whose results are put in order",
        "from concurrent.futures import ThreadPoolExecutor\n\ndef entry(names):\n"
        "    with ThreadPoolExecutor(4) as pool:\n        return list(pool.map(len, names))\n",
        ORDERS,
        "",
    ),
    Program(
        "a cache of what does not change",
        "from functools import lru_cache\n\n@lru_cache\ndef entry(x):\n    return x * x\n",
        ("1", "2", "1"),
        "",
    ),
    Program(
        "a machine with declared state",
        "class Account:\n    def __init__(self):\n        self.balance = 0\n\n    def apply(self, x):\n"
        "        self.balance += x\n        return self.balance\n\nentry = Account\n",
        ("5", "-2", "7"),
        "",
    ),
    Program(
        "a clock that only goes to a log",
        "import logging\nimport time\n\ndef entry(x):\n    began = time.perf_counter()\n    result = x + 1\n"
        "    logging.getLogger('desk').info('took %s', time.perf_counter() - began)\n    return result\n",
        ("1", "2"),
        "",
    ),
    Program(
        "floats in a fixed order",
        "import math\n\ndef entry(x):\n    return math.fsum([0.1 * n for n in range(x)])\n",
        ("10", "20"),
        "",
    ),
)
