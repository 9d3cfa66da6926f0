"""A table becomes a plan, or every row that is wrong says so with a stable code."""

from uuid import UUID

import pytest

from backend.domain.products import CatalogueEntry
from backend.domain.show_table import MAX_ITEMS, Catalogue, Planned, RowError, read_plan, read_seconds
from backend.domain.tables import read_table
from backend.ids import derived_id


def entry(name: str, *aliases: str) -> CatalogueEntry:
    return CatalogueEntry(derived_id("table", name), name, "", "", aliases)


CUP, STRIPS, MASK = entry("沐野保温杯 500ml", "保温杯", "杯子"), entry("卫龙辣条", "辣条"), entry("补水面膜", "杯子")
CATALOGUE = Catalogue([CUP, STRIPS, MASK])


def read(text: str, segments: tuple[str, ...] = ()) -> tuple[list[Planned], list[RowError]]:
    return read_plan(read_table(text.encode()), CATALOGUE, segments)


def codes(errors: list[RowError]) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.code) for error in errors]


def test_rows_become_scripts_in_their_order() -> None:
    planned, errors = read(
        "商品名称,环节,时长(秒),备注\n沐野保温杯 500ML,开场,45秒,\n辣条,卖点、逼单,,突出赠品\n补水面膜,种草,1分30秒,\n"
    )
    assert errors == []
    assert [(p.row, p.product_name, p.scenario, p.seconds, p.notes) for p in planned] == [
        (2, "沐野保温杯 500ml", "opening", 45, ""),
        (3, "卫龙辣条", "selling_points", None, "突出赠品"),
        (3, "卫龙辣条", "promotion", None, "突出赠品"),
        (4, "补水面膜", "seeding", 90, ""),
    ]


def test_a_row_without_segments_gets_the_chosen_ones() -> None:
    planned, errors = read("product\n辣条\n", ("opening", "promotion"))
    assert errors == []
    assert [p.scenario for p in planned] == ["opening", "promotion"]
    assert codes(read("product\n辣条\n")[1]) == [(2, "", "no_segment")]


def test_every_fault_is_told_at_its_row_and_column() -> None:
    planned, errors = read(
        "商品,环节,时长,备注\n"
        "辣条,开场,,\n"
        ",开场,,\n"
        "保温怀,开场,,\n"
        "杯子,开场,,\n"
        "辣条,唱歌,,\n"
        "保温杯,开场,很久,\n"
        "保温杯,促销,3,\n"
        f"保温杯,种草,,{'长' * 201}\n"
        "辣条,开场,,\n"
    )
    assert [p.row for p in planned] == [2]
    assert codes(errors) == [
        (3, "商品", "no_product"),
        (4, "商品", "unknown_product"),
        (5, "商品", "ambiguous_product"),
        (6, "环节", "unknown_segment"),
        (7, "时长", "bad_duration"),
        (8, "时长", "duration_range"),
        (9, "备注", "notes_too_long"),
        (10, "环节", "doubled"),
    ]
    meant = next(error for error in errors if error.code == "unknown_product")
    assert meant.value == "保温怀"
    assert meant.details is not None
    assert "沐野保温杯 500ml" in meant.details["like"] or meant.details["like"] == []


def test_a_name_of_ones_own_goes_before_anothers_alias() -> None:
    mine, other = entry("气垫"), entry("粉底气垫套装", "气垫")
    planned, errors = read_plan(read_table("商品\n气垫\n".encode()), Catalogue([mine, other]), ["opening"])
    assert errors == []
    assert [p.product_id for p in planned] == [mine.id]


def test_a_table_without_the_column_or_without_rows_is_told_so() -> None:
    assert codes(read("名字,环节\n辣条,开场\n")[1]) == [(1, "", "no_product_column")]
    assert codes(read("商品,环节\n")[1]) == [(1, "", "no_rows")]


def test_more_scripts_than_a_show_holds_are_refused() -> None:
    entries = [entry(f"商品{n}") for n in range(MAX_ITEMS + 1)]
    text = "商品,环节\n" + "".join(f"商品{n},开场\n" for n in range(MAX_ITEMS + 1))
    _, errors = read_plan(read_table(text.encode()), Catalogue(entries))
    assert codes(errors) == [(MAX_ITEMS + 2, "", "too_many_items")]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45", 45), ("45秒", 45), ("４５ 秒", 45), ("1分30秒", 90), ("1.5分钟", 90), ("2分", 120), ("1:30", 90),
        ("0:01:30", 90), ("01:30:00", 90), ("00:00:45", 45), ("90s", 90), ("2min", 120),
        ("", None), ("很久", None), ("-5", None), ("1:75", None), ("秒", None), ("1e3", None),
    ],
)  # fmt: skip
def test_durations_as_people_write_them(text: str, seconds: int | None) -> None:
    assert read_seconds(text) == seconds


def test_ids_are_the_catalogues_own() -> None:
    planned, _ = read("商品,环节\n杯子 ,开场\n".replace("杯子", "保温杯"))
    assert planned[0].product_id == CUP.id
    assert isinstance(planned[0].product_id, UUID)


def test_a_row_with_more_cells_than_headings_plans_nothing() -> None:
    planned, errors = read("商品,环节,备注\n辣条,开场,辣,不要太辣\n补水面膜,开场,,\n")
    assert [one.product_name for one in planned] == ["补水面膜"]
    assert codes(errors) == [(2, "", "more_cells")]
