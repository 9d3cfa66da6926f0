"""A table of goods that was pasted into a message: which goods it names is what is asked for.

Its other cells (prices, selling points) are the record's matter. Read as words they would be things to say: 99 is none.
"""

import re
from typing import Final

#: How a column of names is headed.
_NAMES: Final = re.compile(r"(?:商品|产品|货品|品)(?:名称?)?|名称|品名|货名|name|product(?:[ _]?name)?", re.IGNORECASE)
#: What heads another column; below a heading of names it says that the table lies on its side.
_HEADING: Final = re.compile("价格?|售价|单价|卖点|规格|库存|品牌|类目|分类|赠品|数量|price|stock|brand|category")
#: What stands between cells, the surest first; two blanks are what a table loses its tabs to.
_MARKS: Final = ("\t", "|", ",", "，", ";", "  ")
#: Rows that are read; more are no request but a file.
_MOST: Final = 60


def without_tables(message: str) -> str:
    """Return `message` with a table of goods told as the goods' names; any other text as it is.

    A table is a heading with a column of names, and at least one row below that has as many cells.
    """
    lines = message.splitlines()
    for at, line in enumerate(lines):
        for mark in _MARKS:
            heading = _cells(line, mark)
            column = next((place for place, cell in enumerate(heading) if _NAMES.fullmatch(cell)), None)
            if len(heading) < 2 or column is None:
                continue
            end = at + 1
            while end < len(lines) and len(_cells(lines[end], mark)) == len(heading):
                end += 1
            rows = [_cells(row, mark) for row in lines[at + 1 : min(end, at + 1 + _MOST)]]
            names = [row[column] for row in rows if row[column] and not re.fullmatch(r"[-:\s]+", row[column])]
            if names and not any(_HEADING.fullmatch(name) for name in names):
                return "\n".join([*lines[:at], "、".join(dict.fromkeys(names)), *lines[end:]]).strip()
    return message


def _cells(line: str, mark: str) -> list[str]:
    parts = (
        re.split(" {2,}", line.strip()) if mark == "  " else line.strip().strip("|" if mark == "|" else "").split(mark)
    )
    return [part.strip() for part in parts]
