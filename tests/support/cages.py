"""Molecules that are short to write and that RDKit works on for seconds, without end, or with all memory."""

HANGS = {
    "a necklace of 13 rings": "N12NN(N1)" + "N1NN(N1)" * 10 + "N1NN2N1",
    "a hoop of benzene rings": "c12ccc(cc1)" + "c1ccc(cc1)" * 18 + "c1ccc2cc1",
    "a Möbius ladder": (
        "N12" + "".join(f"N{n if n < 10 else f'%{n}'}" for n in range(3, 52)) + "N1"
        "" + "".join(f"N{n if n < 10 else f'%{n}'}" for n in range(3, 51)) + "N2%51"
    ),
    "rings that take all memory": (
        "C123C45C67C89C%10%11C%12%13C%14%15C%16%17C%18%19C%20%21C%22%23C%24%25C%26%27C%28%29C%30%31C%32%33"
        "C%34%35C%36%37C%38%39C%40%41C%42%43C%44%45C%46%47C%48%49C%50%51C%52%53C%54%55C%56%57C%58%59C11C44"
        "C26C58C7%10C9%12C%11%14C%13%16C%15%18C%17%20C%19%22C%21%24C%23%26C%25%28C%27%30C%29%32C%31%34"
        "C%33%36C%35%38C%37%40C%39%42C%41%44C%43%46C%45%48C%47%50C%49%52C%51%54C%53%56C%55%58C%571C3%594"
    ),
}
NECKLACE = HANGS["a necklace of 13 rings"]
FULLERENE = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2"
    "c7c3c3c8c4c4c9c5c1c1c6c2c3c41"
)


def molfile(atoms: int, steps: tuple[int, ...], element: str = "C", *, version: str = "V2000") -> str:
    """A molfile of a ring of atoms, each joined with those that are so many steps further."""
    bonds = sorted({tuple(sorted((n, (n + step) % atoms))) for n in range(atoms) for step in steps})
    if version == "V2000":
        head = f"{atoms:3}{len(bonds):3}  0  0  0  0  0  0  0  0999 V2000"
        rows = [f"{n:10.4f}{0:10.4f}{1:10.4f} {element:<3} 0  0  0  0  0" for n in range(atoms)]
        rows += [f"{one + 1:3}{other + 1:3}  1  0" for one, other in bonds]
        return "\n".join(["cage", "", "", head, *rows, "M  END", "$$$$", ""])
    rows = ["M  V30 BEGIN CTAB", f"M  V30 COUNTS {atoms} {len(bonds)} 0 0 0", "M  V30 BEGIN ATOM"]
    rows += [f"M  V30 {n + 1} {element} {n} 0 1 0" for n in range(atoms)]
    rows += ["M  V30 END ATOM", "M  V30 BEGIN BOND"]
    rows += [f"M  V30 {n + 1} 1 {one + 1} {other + 1}" for n, (one, other) in enumerate(bonds)]
    rows += ["M  V30 END BOND", "M  V30 END CTAB", "M  END", "$$$$", ""]
    return "\n".join(["cage", "", "", "  0  0  0     0  0            999 V3000", *rows])
