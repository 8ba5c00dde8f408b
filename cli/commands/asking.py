"""The options by which a batch is asked for."""

from pathlib import Path
from typing import Annotated

import typer

from cli.completion import model_ids, task_ids

Library = Annotated[
    Path | None,
    typer.Argument(help="Ligands: .csv, .tsv, .smi, .sdf or .txt, or one of these with .gz."),
]
Targets = Annotated[
    list[Path] | None,
    typer.Option(
        help="The protein: PDB or mmCIF; FASTA for a model that works on the sequence. "
        "Repeat it for several structures of it."
    ),
]
Sequence = Annotated[
    str | None,
    typer.Option(metavar="FILE|RESIDUES", help="Its sequence: a file, FASTA or plain, or the residues."),
]
Variants = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Variants of the sequence: a table with columns name and sequence, or FASTA. "
        "The sequence itself is computed beside them.",
    ),
]
Designs = Annotated[int | None, typer.Option(min=1, help="How many antibodies to design.")]
Task = Annotated[str | None, typer.Option(help="See `omtx tasks`.", autocompletion=task_ids)]
Model = Annotated[str | None, typer.Option(help="See `omtx models`.", autocompletion=model_ids)]
Box = Annotated[
    str | None, typer.Option(metavar="CX,CY,CZ,SX,SY,SZ", help="Docking box: centre and edge lengths in Å.")
]
BoxLigand = Annotated[
    Path | None, typer.Option(metavar="FILE.sdf", help="Docking box around this ligand in the pocket.")
]
BoxResidues = Annotated[
    str | None, typer.Option(metavar="A:123,A:125", help="Docking box around these residues.")
]
Msa = Annotated[
    list[str] | None,
    typer.Option(metavar="[CHAIN=]FILE", help="An alignment in place of a search, .a3m or .csv; chain A."),
]
Templates = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[CHAIN[:OF_FILE]=]FILE", help="A structure that a chain, or any, may resemble; repeatable."
    ),
]
UseMsa = Annotated[
    bool | None,
    typer.Option("--use-msa/--no-use-msa", help="Search alignments, or predict from the sequence alone."),
]
ParametersFile = Annotated[
    Path | None,
    typer.Option("--parameters", metavar="FILE.json", help="Parameters as a JSON object; --param wins."),
]
Seed = Annotated[int | None, typer.Option(help="Same seed, same answer. Default 42.")]
MaxCost = Annotated[
    float | None, typer.Option(min=0, help="Refuse above this estimate, and end the batch at this cost.")
]
Key = Annotated[
    str | None, typer.Option(help="Submit at most once under this key: again, it answers the same batch.")
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Compute everything, also what an earlier batch has computed.")
]
WebhookUrl = Annotated[
    str | None, typer.Option(help="Have this https address told of this batch alone; see docs/webhooks.md.")
]
WebhookEvents = Annotated[
    list[str] | None,
    typer.Option("--webhook-event", help="batch.completed, batch.milestone, …; repeat it. Default: its end."),
]
WebhookMilestones = Annotated[
    list[int] | None,
    typer.Option("--webhook-milestone", help="10, 25, 50, 75, 90 or 100 per cent; repeat it."),
]
WebhookSecret = Annotated[
    Path | None,
    typer.Option(
        "--webhook-secret-file",
        metavar="FILE",
        help="A file with the secret that signs it, whsec_… Default: that of your webhook at its host.",
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Return when the batch is finished.")]
