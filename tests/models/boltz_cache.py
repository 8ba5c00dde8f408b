"""
A cache folder that the genuine Boltz-2 loads, without its weights: networks with random weights.

``python tests/models/boltz_cache.py FOLDER [--size full]``. Numbers that come out mean nothing; files,
logs, exit codes and what depends on a seed are the real ones. ``full`` has the published widths (about
four minutes, 4 GB), for a machine with a GPU; ``tiny`` takes seconds and 35 MB.
"""

import argparse
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from biotite.interface.rdkit import to_mol
from biotite.structure.info import residue
from boltz.data import const
from boltz.main import Boltz2DiffusionParams, BoltzSteeringParams, MSAModuleArgs, PairformerArgsV2
from boltz.model.models.boltz2 import Boltz2
from omegaconf import OmegaConf
from rdkit import Chem

MADE = "made.txt"
RANDOM_SEED = 20260101
NUCLEOTIDES = ("A", "C", "G", "U", "DA", "DC", "DG", "DT")
LIGANDS = ("ATP", "NAD", "MG")
COMPILED = ("compile_pairformer", "compile_structure", "compile_confidence", "compile_affinity")
SIZES: dict[str, dict[str, int]] = {
    "tiny": {"atom_s": 16, "atom_z": 8, "token_s": 32, "token_z": 16, "depth": 1, "heads": 2},
    "full": {"atom_s": 128, "atom_z": 16, "token_s": 384, "token_z": 128, "depth": 3, "heads": 4},
}


def build(folder: Path, size: str = "tiny") -> Path:
    """Fill the folder, unless this size is there; the folder."""
    made = folder / MADE
    if made.exists() and made.read_text() == size:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(RANDOM_SEED)
    _save(folder / "boltz2_conf.ckpt", _arguments(size))
    _save(folder / "boltz2_aff.ckpt", _arguments(size) | _affinity(size))
    _molecules(folder / "mols")
    (folder / "mols.tar").touch()  # only its existence is checked
    made.write_text(size)
    return folder


def _arguments(size: str) -> dict[str, Any]:
    """The keyword arguments of the structure network, as its checkpoint keeps them."""
    widths = SIZES[size]
    depth, heads = widths["depth"], widths["heads"]
    full = size == "full"
    return {
        **{name: widths[name] for name in ("atom_s", "atom_z", "token_s", "token_z")},
        "num_bins": 64,
        "training_args": OmegaConf.create(
            {"max_lr": 0.0018, "weight_decay": 0.003, "diffusion_multiplicity": 1, "recycling_steps": 3}
        ),
        "validation_args": {},
        "embedder_args": {
            "atom_encoder_depth": depth,
            "atom_encoder_heads": heads,
            "add_method_conditioning": True,
            "add_modified_flag": True,
            "add_cyclic_flag": True,
            "add_mol_type_feat": True,
        },
        "msa_args": asdict(MSAModuleArgs(use_paired_feature=True)),
        "pairformer_args": asdict(PairformerArgsV2()),
        "score_model_args": {
            "sigma_data": 16,
            "dim_fourier": 256 if full else 16,
            "atom_encoder_depth": depth,
            "atom_encoder_heads": heads,
            "token_transformer_depth": 24 if full else 2,
            "token_transformer_heads": 16 if full else 2,
            "atom_decoder_depth": depth,
            "atom_decoder_heads": heads,
            "conditioning_transition_layers": 2,
        },
        "diffusion_process_args": asdict(Boltz2DiffusionParams()),
        "diffusion_loss_args": {},
        "confidence_model_args": {
            "num_dist_bins": 64,
            "max_dist": 22,
            "add_s_to_z_prod": True,
            "add_s_input_to_s": True,
            "add_z_input_to_z": True,
            "confidence_args": {
                "num_plddt_bins": 50,
                "num_pde_bins": 64,
                "num_pae_bins": 64,
                "use_separate_heads": True,
            },
            "pairformer_args": {
                "num_blocks": 8 if full else 1,
                "num_heads": 16 if full else 2,
                "dropout": 0.0,
            },
        },
        "template_args": {"template_dim": 64 if full else 16, "template_blocks": 2 if full else 1},
        "use_templates": True,
        "confidence_prediction": True,
        "token_level_confidence": True,
        "alpha_pae": 1.0,
        "atom_feature_dim": 388,
        "validate_structure": False,
        "bond_type_feature": True,
        "cyclic_pos_enc": True,
        "fix_sym_check": True,
        "conditioning_cutoff_min": 4.0,
        "conditioning_cutoff_max": 20.0,
        "steering_args": asdict(BoltzSteeringParams()),
        "use_kernels": size == "full",
        **dict.fromkeys(COMPILED, False),
    }


def _affinity(size: str) -> dict[str, Any]:
    """What the affinity network has beside or instead."""
    token_s = SIZES[size]["token_s"]
    head = {
        "num_dist_bins": 64,
        "max_dist": 22,
        "pairformer_args": {"num_blocks": 4 if size == "full" else 1, "dropout": 0.0},
        "transformer_args": {
            "token_s": token_s,
            "num_blocks": 2,
            "num_heads": 8,
            "activation_checkpointing": False,
        },
    }
    return {
        "affinity_prediction": True,
        "affinity_ensemble": True,
        "affinity_mw_correction": True,
        "affinity_model_args1": head,
        "affinity_model_args2": head,
    }


def _save(path: Path, arguments: dict[str, Any]) -> None:
    network = Boltz2(**arguments)
    # What starts at zero would leave whole parts of the input without effect on the output.
    with torch.no_grad():
        for values in network.parameters():
            if not values.any():
                values.normal_(std=0.05)
    content = {
        "state_dict": network.state_dict(),
        "hyper_parameters": arguments,
        "pytorch-lightning_version": "2.5.0",
        "epoch": 0,
        "global_step": 0,
    }
    torch.save(content, path)


def _molecules(folder: Path) -> None:
    """One pickle per chemical component, as the genuine archive unpacks to."""
    folder.mkdir(exist_ok=True)
    Chem.SetDefaultPickleProperties(Chem.PropertyPickleOptions.AllProps)
    for code in (*const.canonical_tokens, *NUCLEOTIDES, *LIGANDS):
        (folder / f"{code}.pkl").write_bytes(pickle.dumps(_molecule(code)))


def _molecule(code: str) -> Chem.Mol:
    found = residue("ALA" if code == "UNK" else code)
    molecule: Chem.Mol = to_mol(found)
    Chem.SanitizeMol(molecule)
    for atom, name in zip(molecule.GetAtoms(), found.atom_name, strict=True):
        atom.SetProp("name", str(name))
        atom.SetProp("leaving_atom", str(int(name in ("OXT", "HXT", "H2"))))
    return molecule


if __name__ == "__main__":
    given = argparse.ArgumentParser(description="Make a Boltz-2 cache with random weights.")
    given.add_argument("folder", type=Path)
    given.add_argument("--size", choices=SIZES, default="tiny")
    asked = given.parse_args()
    print(build(asked.folder, asked.size))
