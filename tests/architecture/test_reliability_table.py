"""Every row of the reliability table has a test, or says why it can have none here."""

import tomllib

from tests.support import breaks, scenarios

ROWS = tomllib.loads(scenarios.ROWS_FILE.read_text(encoding="utf-8"))["row"]


def test_every_situation_has_its_test_or_a_reason():
    tests = scenarios.tests_of_scenarios()
    assert [row["number"] for row in ROWS] == list(range(1, 51))
    assert [row["number"] for row in ROWS if row["number"] not in tests and not row.get("no_test")] == []
    assert [row["number"] for row in ROWS if row["number"] in tests and row.get("no_test")] == []
    assert set(tests) <= {row["number"] for row in ROWS}


def test_what_is_to_be_broken_is_still_there():
    assert [row["number"] for row in ROWS if not row.get("break") and not row.get("not_broken")] == []
    of_row, known = scenarios.tests_of_scenarios(), scenarios.all_tests()
    for one in breaks.breaks():
        file = scenarios.ROWS_FILE.parents[2] / one.file
        assert one.applied(file.read_text(encoding="utf-8")) != file.read_text(encoding="utf-8"), one.what
        if one.of.isdecimal():
            assert set(one.tests) <= set(of_row[int(one.of)]), one.what
        else:
            assert set(one.tests) <= known, one.what


def test_marks_of_functions_and_of_modules_are_found():
    source = (
        "pytestmark = [pytest.mark.scenario(3)]\n"
        "@pytest.mark.scenario(1, 2)\nasync def test_one(): ...\n"
        "def test_two(): ...\ndef helper(): ...\n"
        "TestLife = Life.TestCase\n"
    )
    assert list(scenarios.marked(source)) == [("test_one", [3, 1, 2]), ("test_two", [3]), ("TestLife", [3])]
