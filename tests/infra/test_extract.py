"""A provider's names and types, read from what the Terraform CDK generates."""

import pytest

from infra.proof import configuration, extract, package, schema
from infra.proof.schema import Attribute, Block, Nested
from infra.proof.terraform import ROOT

WIDGET = """
function acmeWidgetLidToHclTerraform(struct) {
    const attrs = {
        hinge_count: {
            value: cdktf.numberToHclTerraform(struct.hingeCount),
            isBlock: false,
            type: "simple",
            storageClassType: "number",
        },
    };
}
class AcmeWidgetLidOutputReference extends cdktf.ComplexObject {
    get hingeCount() {
        return this.getNumberAttribute('hinge_count');
    }
    get openedAt() {
        return this.getStringAttribute('opened_at');
    }
}
function acmeWidgetDrawerToHclTerraform(struct) {
    const attrs = {
        sizes: {
            value: cdktf.listMapperHcl(cdktf.numberToHclTerraform, false)(struct.sizes),
            isBlock: false,
            type: "set",
            storageClassType: "numberList",
        },
    };
}
class AcmeWidgetDrawerOutputReference extends cdktf.ComplexObject {
    resetSizes() {
        this._sizes = undefined;
    }
}
class AcmeWidgetDrawerList extends cdktf.ComplexList {
}
class AcmeWidgetStateOutputReference extends cdktf.ComplexObject {
    get code() {
        return this.getStringAttribute('code');
    }
}
class AcmeWidgetStateList extends cdktf.ComplexList {
}
class AcmeWidget extends cdktf.TerraformResource {
    constructor(scope, id, config) {
        super(scope, id, {
            terraformResourceType: 'acme_widget',
        });
        this._states = new AcmeWidgetStateList(this, "states", false);
        this._tags = new cdktf.StringMap(this, "tags");
        this._lid = new AcmeWidgetLidOutputReference(this, "lid");
        this._drawer = new AcmeWidgetDrawerList(this, "drawer", true);
    }
    resetColour() {
        this._colour = undefined;
    }
    get weight() {
        return this.getNumberAttribute('weight');
    }
    get rooms() {
        return cdktf.Fn.tolist(this.getListAttribute('rooms'));
    }
    resetDrawer() {
        this._drawer.internalValue = undefined;
    }
    synthesizeHclAttributes() {
        const attrs = {
            colour: {
                value: cdktf.stringToHclTerraform(this._colour),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            name: {
                value: cdktf.stringToHclTerraform(this._name),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            drawer: {
                value: cdktf.listMapperHcl(acmeWidgetDrawerToHclTerraform, true)(this._drawer.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "AcmeWidgetDrawerList",
            },
            lid: {
                value: acmeWidgetLidToHclTerraform(this._lid.internalValue),
                isBlock: true,
                type: "list",
                storageClassType: "AcmeWidgetLidList",
            },
        };
    }
}
"""


def test_what_can_be_set_what_must_be_and_what_is_computed_is_told_apart() -> None:
    attributes = extract.resource(WIDGET, "acme_widget").attributes
    assert attributes["name"] == Attribute(type="string", required=True)
    assert attributes["colour"] == Attribute(type="string")
    assert attributes["weight"] == Attribute(type="number", computed=True)
    assert attributes["rooms"] == Attribute(type=["set", "string"], computed=True)
    assert attributes["tags"] == Attribute(type=["map", "string"], computed=True)
    assert attributes["states"] == Attribute(type=["list", ["object", {"code": "string"}]], computed=True)
    assert len(attributes) == 6


def test_blocks_say_how_often_they_may_come_and_what_is_in_them() -> None:
    blocks = extract.resource(WIDGET, "acme_widget").blocks
    lid = {"hinge_count": Attribute(type="number", required=True)}
    lid["opened_at"] = Attribute(type="string", computed=True)
    sizes = {"sizes": Attribute(type=["set", "number"])}
    assert blocks == {
        "lid": Nested(nesting="list", least=1, most=1, block=Block(attributes=lid)),
        "drawer": Nested(nesting="set", block=Block(attributes=sizes)),
    }


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ("'acme_widget'", "'acme_gadget'", "no class for acme_widget"),
        ('storageClassType: "numberList"', 'storageClassType: "colourList"', "sizes: colour"),
        ("getNumberAttribute('weight')", "getAnyAttribute('weight')", "weight: getAnyAttribute"),
        ("class AcmeWidgetLidOutputReference", "class AcmeLidOutputReference", "no class for AcmeWidgetLid"),
    ],
)
def test_a_form_that_is_not_known_is_refused(there: str, instead: str, said: str) -> None:
    with pytest.raises(extract.Unreadable, match=said):
        extract.resource(WIDGET.replace(there, instead), "acme_widget")


def test_the_facts_in_the_repository_are_those_that_the_configuration_needs() -> None:
    kept, folder = schema.load(), ROOT / configuration.FOLDER
    assert kept.resources.keys() == configuration.resource_types(folder)
    assert kept.data_sources.keys() == configuration.data_source_types(folder)


def test_the_facts_in_the_repository_are_those_of_the_package(request: pytest.FixtureRequest) -> None:
    kept = schema.load()
    try:
        archive = package.fetch(request.config.cache.mkdir("terraform-provider"))
    except package.Unobtainable as why:
        pytest.skip(f"the provider's package cannot be had: {why}")
    fresh = package.read(archive, kept.resources, kept.data_sources)
    assert schema.dump(fresh) == schema.PATH.read_text()
