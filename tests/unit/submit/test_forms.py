"""Which form a library has."""

import pytest

from services.submit.forms import Form, form_of_name, guess

SDF = ["methane\n", "  made up\n", "\n", "  1  0  0  0  0  0  0  0  0  0999 V2000\n"]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("CCO\n", "smi"),
        ("CCO 1,2-thing\n", "smi"),
        ("CCO\tethanol\n", "smi"),
        ("# only a remark\n", "smi"),
        ("ligand name,SMILES\nx,C\n", "csv"),
        ("CCO;ethanol\n", "csv"),
        ('"smiles"\tname\nC\tmethane\n', "csv"),
    ],
)
def test_a_text_is_a_table_or_a_list(text: str, form: str) -> None:
    assert guess(text.splitlines(keepends=True)) == form


def test_a_record_of_atoms_is_an_sdf_file() -> None:
    assert guess(SDF) == "sdf"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *(("a.csv", "csv"), ("A.TSV.GZ", "tsv"), ("uploads/x/y.smi.gz", "smi"), ("b.sd", "sdf")),
        *(("c.txt", None), ("d", None), ("e.gz", None), ("f.pdf", None)),
    ],
)
def test_a_name_may_tell_the_form(name: str, form: Form | None) -> None:
    assert form_of_name(name) == form
