"""
What Chai-1 loads, without what it has learnt: reference conformers and six small TorchScript modules.

The program around them is the real one. The modules have the methods and the shapes of the genuine ones,
for inputs of up to 384 tokens. They place every residue as its reference conformer has it, one behind the
other, so that a ligand keeps its bonds and its stereo; all scores are a function of the coordinates and of
the alignment, and mean nothing.
"""

import sys
from pathlib import Path
from string import Template

import antipickle
import numpy as np
import torch
from biotite.structure.info import residue
from chai_lab.data.parsing.structure.residue import ConformerData
from chai_lab.data.residue_constants import standard_residue_pdb_codes
from chai_lab.data.sources.rdkit import _get_adapters
from rdkit import Chem

SIZES = (256, 384)
UNKNOWN = "UNK"
OTHERS = ("SEP", "NAG", "MAN")

FEATURES = (
    *("RelativeSequenceSeparation", "RelativeTokenSeparation", "RelativeEntity", "RelativeChain"),
    *("ResidueType", "ESMEmbeddings", "BlockedAtomPairDistogram"),
    *("InverseSquaredBlockedAtomPairDistances", "AtomRefPos", "AtomRefCharge", "AtomRefMask"),
    *("AtomRefElement", "AtomNameOneHot", "TemplateMask", "TemplateUnitVector", "TemplateResType"),
    *("TemplateDistogram", "TokenDistanceRestraint", "DockingConstraintGenerator"),
    *("TokenPairPocketRestraint", "MSAProfile", "MSADeletionMean", "IsDistillation", "TokenBFactor"),
    *("TokenPLDDT", "ChainIsCropped", "MissingChainContact", "MSAOneHot", "MSAHasDeletion"),
    *("MSADeletionValue", "IsPairedMSA", "MSADataSource"),
)

# The first token of each token's residue goes along as a channel: it says where the residue is put.
FEATURE_EMBEDDING = """
def forward_$size(self, $features) -> Dict[str, Tensor]:
    near = RelativeSequenceSeparation[..., 0]
    same = near == torch.diagonal(near, dim1=1, dim2=2).unsqueeze(-1)
    index = torch.arange(near.shape[1]).expand_as(near)
    leader = torch.where(same, index, torch.full_like(index, 100000)).amin(dim=2).float()
    token = torch.stack([
        leader, ResidueType[..., 0].float(), ESMEmbeddings.mean(dim=-1), MSAProfile.std(dim=-1)
    ], dim=-1)
    asked = TokenDistanceRestraint[..., 0] + TokenPairPocketRestraint[..., 0]
    pair = torch.stack([asked, near.float(), asked, near.float()], dim=-1)
    atom = torch.cat([10.0 * AtomRefPos, AtomRefElement.float()], dim=-1)
    block = InverseSquaredBlockedAtomPairDistances
    templates = torch.cat([TemplateMask, TemplateUnitVector], dim=-1)
    msa = torch.stack([MSAOneHot[..., 0].float(), MSADataSource[..., 0].float()], dim=-1)
    return {
        "TOKEN": token, "TOKEN_PAIR": pair, "ATOM": torch.cat([atom, atom], dim=-1),
        "ATOM_PAIR": torch.cat([block, block], dim=-1), "TEMPLATES": templates, "MSA": msa
    }
"""

BOND_PROJECTION = """
def forward_$size(self, input: Tensor) -> Tensor:
    return input.float().expand(-1, -1, -1, 4).contiguous()
"""

TOKEN_EMBEDDER = """
def forward_$size(
    self, token_single_input_feats: Tensor, token_pair_input_feats: Tensor, atom_single_input_feats: Tensor,
    block_atom_pair_feat: Tensor, block_atom_pair_mask: Tensor, block_indices_h: Tensor,
    block_indices_w: Tensor, atom_single_mask: Tensor, atom_token_indices: Tensor
) -> Tuple[Tensor, Tensor, Tensor]:
    return token_single_input_feats, token_single_input_feats, token_pair_input_feats
"""

TRUNK = """
def forward_$size(
    self, token_single_trunk_initial_repr: Tensor, token_pair_trunk_initial_repr: Tensor,
    token_single_trunk_repr: Tensor, token_pair_trunk_repr: Tensor, msa_input_feats: Tensor,
    msa_mask: Tensor, template_input_feats: Tensor, template_input_masks: Tensor,
    token_single_mask: Tensor, token_pair_mask: Tensor
) -> Tuple[Tensor, Tensor]:
    weights = msa_mask.float().unsqueeze(-1)
    seen = (msa_input_feats * weights).sum(dim=1) / (weights.sum(dim=1) + 1.0)
    asked = token_pair_trunk_initial_repr.mean(dim=2)
    single = token_single_trunk_initial_repr + 0.1 * token_single_trunk_repr
    known = template_input_feats.mean().expand_as(single)
    return single + 0.01 * torch.cat([seen, asked], dim=-1) + known, token_pair_trunk_repr
"""

# What is cleaned of noise keeps its orientation (Kabsch), as a sample is turned at random before each step.
DIFFUSION = """
def forward_$size(
    self, token_single_initial_repr: Tensor, token_pair_initial_repr: Tensor,
    token_single_trunk_repr: Tensor, token_pair_trunk_repr: Tensor, atom_single_input_feats: Tensor,
    atom_block_pair_input_feats: Tensor, atom_single_mask: Tensor, atom_block_pair_mask: Tensor,
    token_single_mask: Tensor, block_indices_h: Tensor, block_indices_w: Tensor,
    atom_noised_coords: Tensor, noise_sigma: Tensor, atom_token_indices: Tensor
) -> Tensor:
    leader = torch.gather(token_single_initial_repr[..., 0], 1, atom_token_indices)
    place = torch.stack([4.0 * leader, 9.0 * torch.sin(leader), 9.0 * torch.cos(leader)], dim=-1)
    inner = 0.02 * torch.tanh(torch.gather(token_single_trunk_repr[..., 2], 1, atom_token_indices))
    clean = (atom_single_input_feats[..., :3] + place + inner.unsqueeze(-1)).unsqueeze(1)
    weights = atom_single_mask.float().unsqueeze(1).unsqueeze(-1)
    total = weights.sum(dim=2, keepdim=True)
    here = (atom_noised_coords * weights).sum(dim=2, keepdim=True) / total
    clean = clean - (clean * weights).sum(dim=2, keepdim=True) / total
    across = torch.matmul((clean * weights).transpose(2, 3), atom_noised_coords - here)
    left, _, right = torch.linalg.svd(across)
    last = torch.ones_like(left[..., :1, :])
    last[..., 0, 2] = torch.det(torch.matmul(left, right))
    return (torch.matmul(clean, torch.matmul(left * last, right)) + here).flatten(0, 1)
"""

CONFIDENCE = """
def forward_$size(
    self, token_single_input_repr: Tensor, token_single_trunk_repr: Tensor, token_pair_trunk_repr: Tensor,
    token_single_mask: Tensor, atom_single_mask: Tensor, atom_coords: Tensor,
    token_reference_atom_index: Tensor, atom_token_index: Tensor, atom_within_token_index: Tensor
) -> Tuple[Tensor, Tensor, Tensor]:
    where = token_reference_atom_index.long().unsqueeze(-1).expand(-1, -1, 3)
    places = torch.gather(atom_coords, 1, where)
    apart = torch.cdist(places, places)
    told = 0.001 * token_single_trunk_repr.mean(dim=-1) + torch.sin(places.sum(dim=-1))
    error = 31.0 * torch.sigmoid(0.05 * apart - 3.0 + told.unsqueeze(-1))
    bins = torch.linspace(0.25, 31.75, 64)
    pae = -torch.square(error.unsqueeze(-1) - bins)
    sure = torch.sigmoid(torch.sin(atom_coords.sum(dim=-1)) + 1.0)
    plddt = -400.0 * torch.square(sure.unsqueeze(-1) - torch.linspace(0.01, 0.99, 50))
    return pae, pae, plddt
"""

MODULES = {
    "feature_embedding.pt": FEATURE_EMBEDDING,
    "bond_loss_input_proj.pt": BOND_PROJECTION,
    "token_embedder.pt": TOKEN_EMBEDDER,
    "trunk.pt": TRUNK,
    "diffusion_module.pt": DIFFUSION,
    "confidence_head.pt": CONFIDENCE,
}


def build(folder: Path) -> None:
    """Fill ``folder`` as Chai-1's own downloads would; what is there is written again."""
    models = folder / "models_v2"
    models.mkdir(parents=True, exist_ok=True)
    for name, source in MODULES.items():
        _module(Path(name).stem, source).save(str(models / name))
    path = folder / "conformers_v1.apkl"
    antipickle.dump(_conformers(), path.as_posix(), adapters=_get_adapters())


def _module(name: str, source: str) -> torch.jit.ScriptModule:
    module = type(name, (torch.jit.ScriptModule,), {})()  # methods are kept by class
    features = ", ".join(f"{name}: Tensor" for name in FEATURES)
    for size in SIZES:
        module.define(Template(source).substitute(size=size, features=features))
    return module


def _conformers() -> dict[str, ConformerData]:
    names = sorted({*standard_residue_pdb_codes, *OTHERS} - {UNKNOWN})
    return {name: _conformer(name) for name in names}


def _conformer(name: str) -> ConformerData:
    """A residue of the component dictionary as it stands in a chain, without hydrogens."""
    atoms = residue(name)
    atoms = atoms[(atoms.element != "H") & (atoms.atom_name != "OP3")]
    table = Chem.GetPeriodicTable()
    elements = [table.GetAtomicNumber(str(it).capitalize()) for it in atoms.element]
    return ConformerData(
        position=torch.tensor(np.asarray(atoms.coord), dtype=torch.float),
        element=torch.tensor(elements, dtype=torch.int),
        charge=torch.tensor(atoms.charge.astype(int), dtype=torch.int),
        atom_names=[str(it) for it in atoms.atom_name],
        bonds=[(int(one), int(other)) for one, other, _ in atoms.bonds.as_array()],
        symmetries=torch.arange(len(atoms)).unsqueeze(-1),
    )


if __name__ == "__main__":
    build(Path(sys.argv[1]))
