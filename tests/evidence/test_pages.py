import json

from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.pages import written

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    NUMBERS | st.text() | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), VALUES))
def test_a_document_is_read_back_as_it_was(document: dict[str, object]):
    assert json.loads(written(document)) == document


def test_numbers_of_a_list_share_a_line():
    text = written({"clips": {"a": [[1, 2.5], [-3e-9, 4]], "b": ["[\n1]"]}})
    assert text.splitlines()[2:10] == [
        '  "a": [',
        "   [1, 2.5],",
        "   [-3e-09, 4]",
        "  ],",
        '  "b": [',
        r'   "[\n1]"',
        "  ]",
        " }",
    ]
