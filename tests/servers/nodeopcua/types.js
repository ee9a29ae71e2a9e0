// Data types of the machines as a nodeset: structures, with optional fields,
// unions, enumerations, nested ones. With OTHER_TYPES set in the environment,
// the same ids stand for other structures.
"use strict";

const builtIn = { Boolean: 1, SByte: 2, Byte: 3, Int16: 4, UInt16: 5, Int32: 6, UInt32: 7, Int64: 8, UInt64: 9, Float: 10, Double: 11, String: 12,
    DateTime: 13, Guid: 14, ByteString: 15, NodeId: 17, QualifiedName: 20, LocalizedText: 21, Duration: 290 };

// Names of fields: "?" behind one is optional, "[]" behind its type an array.
const types = {
    Mode: { id: 3001, values: ["Off", "Manual", "Automatic"] },
    Point: { id: 3002, fields: { x: "Double", y: "Double" } },
    Recipe: {
        id: 3003, fields: {
            name: "String", mode: "Mode", origin: "Point", path: "Point[]", speeds: "Float[]", count: "Int64", when: "DateTime", dwell: "Duration",
            key: "Guid", seal: "ByteString", title: "LocalizedText", node: "NodeId", steps: "Mode[]",
        },
    },
    Part: { id: 3004, fields: { serial: "UInt32", "weight?": "Double", "spot?": "Point", "marks?": "String[]" } },
    Outcome: { id: 3005, union: true, fields: { good: "UInt32", fault: "String", spot: "Point" } },
    Parcel: { id: 3006, base: "Part", fields: { target: "String" } },
    Crate: { id: 3007, fields: { outcome: "Outcome", parts: "Part[]" } },
};
if (process.env.OTHER_TYPES) {
    types.Point.fields = { label: "String", z: "Int32" };
}

const dataType = (name) => (builtIn[name] ? `i=${builtIn[name]}` : `ns=1;i=${types[name].id}`);

function field([name, type]) {
    const array = type.endsWith("[]") ? ' ValueRank="1"' : "";
    const optional = name.endsWith("?") ? ' IsOptional="true"' : "";
    return `<Field Name="${name.replace("?", "")}" DataType="${dataType(type.replace("[]", ""))}"${array}${optional}/>`;
}

function enumeration(name, t) {
    return `<UADataType NodeId="ns=1;i=${t.id}" BrowseName="1:${name}"><DisplayName>${name}</DisplayName>
<References><Reference ReferenceType="i=45" IsForward="false">i=29</Reference><Reference ReferenceType="i=46">ns=1;i=${t.id + 3000}</Reference></References>
<Definition Name="1:${name}">${t.values.map((v, i) => `<Field Name="${v}" Value="${i}"/>`).join("")}</Definition></UADataType>
<UAVariable NodeId="ns=1;i=${t.id + 3000}" BrowseName="EnumStrings" DataType="i=21" ValueRank="1"><DisplayName>EnumStrings</DisplayName>
<References><Reference ReferenceType="i=46" IsForward="false">ns=1;i=${t.id}</Reference><Reference ReferenceType="i=40">i=68</Reference></References>
<Value><ListOfLocalizedText xmlns="http://opcfoundation.org/UA/2008/02/Types.xsd">${t.values.map((v) => `<LocalizedText><Text>${v}</Text></LocalizedText>`).join("")}</ListOfLocalizedText></Value></UAVariable>`;
}

function structure(name, t) {
    const base = t.base ? dataType(t.base) : t.union ? "i=12756" : "i=22";
    const encodings = ["Binary", "XML", "JSON"].map((form, i) => ({ form, id: t.id + 2000 + 100 * i }));
    return `<UADataType NodeId="ns=1;i=${t.id}" BrowseName="1:${name}"><DisplayName>${name}</DisplayName>
<References><Reference ReferenceType="i=45" IsForward="false">${base}</Reference>${encodings.map((e) => `<Reference ReferenceType="i=38">ns=1;i=${e.id}</Reference>`).join("")}</References>
<Definition Name="1:${name}"${t.union ? ' IsUnion="true"' : ""}>${Object.entries(t.fields).map(field).join("")}</Definition></UADataType>
${encodings.map((e) => `<UAObject SymbolicName="Default${e.form}" NodeId="ns=1;i=${e.id}" BrowseName="Default ${e.form}"><DisplayName>Default ${e.form}</DisplayName>
<References><Reference ReferenceType="i=38" IsForward="false">ns=1;i=${t.id}</Reference><Reference ReferenceType="i=40">i=76</Reference></References></UAObject>`).join("\n")}`;
}

exports.uri = "urn:machines:types";

exports.nodeset = () => `<?xml version="1.0" encoding="utf-8"?>
<UANodeSet xmlns="http://opcfoundation.org/UA/2011/03/UANodeSet.xsd">
<NamespaceUris><Uri>${exports.uri}</Uri></NamespaceUris>
<Models><Model ModelUri="${exports.uri}" Version="1.0.0" PublicationDate="2026-01-01T00:00:00Z"><RequiredModel ModelUri="http://opcfoundation.org/UA/"/></Model></Models>
${Object.entries(types).map(([name, t]) => (t.values ? enumeration(name, t) : structure(name, t))).join("\n")}
</UANodeSet>
`;
