// What profiles and tests find at the server: a PLC with a press, a CNC
// machine, and a variable of every type. The node ids are those of the profiles.
"use strict";
const { DataValue } = require("node-opcua-data-value");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");
const { StatusCodes } = require("node-opcua-status-code");
const { makeEUInformation } = require("node-opcua-data-access");
const { coerceNodeId } = require("node-opcua-nodeid");
const types = require("./types");

const far = new Date("9999-12-31T00:00:00Z"), noon = new Date("2026-03-04T12:00:00.250Z");
const guid = "09087E75-8E5E-499B-954F-F2A9603DB28A";

module.exports = (addressSpace) => {
    const typeSpace = addressSpace.getNamespaceIndex(types.uri);
    const dataTypeOf = (name) => addressSpace.findDataType(name, typeSpace);
    const make = (name, fields) => addressSpace.constructExtensionObject(dataTypeOf(name), fields);

    // folder makes an object and what makes objects, variables and methods below it.
    function folder(parent, namespace, name, prefix) {
        const object = namespace.addObject({ [parent === addressSpace.rootFolder.objects ? "organizedBy" : "componentOf"]: parent, browseName: name, nodeId: "s=" + prefix });
        const variable = (id, type, value, more = {}) => {
            const list = Array.isArray(value) && type !== "UInt64" || ArrayBuffer.isView(value) && !Buffer.isBuffer(value);
            const declared = typeof type === "string" ? DataType[type] ?? dataTypeOf(type).nodeId : type;
            const wire = typeof type === "string" && DataType[type] !== undefined ? DataType[type] : more.wire ?? DataType.ExtensionObject;
            const { wire: _, id: nodeId, ...rest } = more;
            const options = {
                componentOf: object, browseName: id, nodeId: "s=" + (nodeId ?? prefix + "." + id), dataType: declared, valueRank: list ? 1 : -1, minimumSamplingInterval: 20, ...rest,
            };
            if (value !== undefined) options.value = new Variant({ dataType: wire, arrayType: list ? VariantArrayType.Array : VariantArrayType.Scalar, value });
            return options.engineeringUnitsRange ? namespace.addAnalogDataItem(options) : namespace.addVariable(options);
        };
        const method = (id, inputs, outputs, run) => namespace.addMethod(object, {
            browseName: id, nodeId: "s=" + prefix + "." + id,
            inputArguments: inputs.map(([name, dataType]) => ({ name, dataType })), outputArguments: outputs.map(([name, dataType]) => ({ name, dataType })),
        }).bindMethod((values, context, callback) => callback(null, run(values.map((v) => v.value))));
        return { object, variable, method };
    }
    const good = (...outputArguments) => ({ statusCode: StatusCodes.Good, outputArguments });
    const unit = (range, symbol, short) => ({ engineeringUnitsRange: range, engineeringUnits: makeEUInformation(symbol, short, short) });
    const readOnly = { accessLevel: "CurrentRead", userAccessLevel: "CurrentRead" };

    function plc() {
        const namespace = addressSpace.registerNamespace("urn:example:plc");
        const press = folder(addressSpace.rootFolder.objects, namespace, "Press", "Press");
        press.variable("Force", "Double", 125.5, { ...readOnly, ...unit({ low: 0, high: 400 }, "kN", "kN"), description: "Force of the ram" });
        press.variable("Setpoint", "Float", 120, unit({ low: 10, high: 380 }, "kN", "kN"));
        press.variable("Strokes", "UInt32", 4711, readOnly);
        press.variable("Running", "Boolean", true, readOnly);
        press.variable("Mode", "Mode", 2, { wire: DataType.Int32 });
        press.variable("Order", "String", "A-17");
        press.variable("LastStroke", "DateTime", noon, readOnly);
        press.variable("Temperatures", "Float", new Float32Array([61.5, 62, 79.25, 60]), { ...readOnly, arrayDimensions: [4], valueRank: 1 });
        const recipe = make("Recipe", {
            name: "bracket", mode: 2, origin: { x: 1, y: 2 }, path: [{ x: 0, y: 0 }, { x: 10.5, y: 3 }], speeds: [100, 250.5], count: [0, 1200], when: noon, dwell: 250,
            key: guid, seal: Buffer.from([1, 2, 255]), title: { locale: "de", text: "Winkel" }, node: coerceNodeId("ns=0;i=85"), steps: [0, 1, 2],
        });
        press.variable("Recipe", "Recipe", recipe);
        press.variable("Parts", "Part", [make("Part", { serial: 1, weight: 2.5 }), make("Part", { serial: 2, spot: { x: 3, y: 4 }, marks: ["a", "b"] })]);
        let started = 0;
        press.method("Start", [], [], () => { started++; return good(); });
        press.method("Starts", [], [["count", DataType.UInt32]], () => good({ dataType: DataType.UInt32, value: started }));
        press.method("Load", [["recipe", dataTypeOf("Recipe").nodeId], ["count", DataType.Int32]], [["text", DataType.String]],
            ([recipe, count]) => good({ dataType: DataType.String, value: `${count} ${recipe.name} ${recipe.path.length}` }));
        press.method("LastPart", [["serial", DataType.UInt32]], [["part", dataTypeOf("Part").nodeId]],
            ([serial]) => good({ dataType: DataType.ExtensionObject, value: make("Part", { serial, weight: 1.25 }) }));
    }

    function cnc() {
        const namespace = addressSpace.registerNamespace("urn:example:cnc");
        const mill = folder(addressSpace.rootFolder.objects, namespace, "Mill", "Mill");
        mill.variable("OperatingMode", "Mode", 2, { ...readOnly, wire: DataType.Int32 });
        mill.variable("PartCount", "UInt32", 37);
        mill.variable("Alarms", "LocalizedText", [{ locale: "en", text: "Coolant is low" }, { locale: "en", text: "Door is open" }], readOnly);
        mill.variable("PowerOnTime", "UInt64", [0, 123456], readOnly);
        const program = folder(mill.object, namespace, "Program", "Mill.Program");
        program.variable("Name", "String", "O1234", readOnly);
        program.variable("Block", "Int32", 120, readOnly);
        const override = folder(mill.object, namespace, "Override", "Mill.Override");
        override.variable("Feed", "Double", 100, unit({ low: 0, high: 150 }, "P1", "%"));
        override.variable("Spindle", "Double", 95, unit({ low: 50, high: 120 }, "P1", "%"));
        const spindle = folder(mill.object, namespace, "Spindle", "Mill.Spindle");
        spindle.variable("Speed", "Double", 8000, { ...readOnly, ...unit({ low: 0, high: 12000 }, "RPM", "1/min") });
        spindle.variable("Load", "Float", 41.5, { ...readOnly, ...unit({ low: 0, high: 100 }, "P1", "%") });
        spindle.variable("Tool", "Part", make("Part", { serial: 12, weight: 0.75 }), readOnly);
        const axes = folder(mill.object, namespace, "Axes", "Mill.Axes");
        ["X", "Y", "Z"].forEach((name, i) => {
            const axis = folder(axes.object, namespace, name, "Mill.Axes." + name);
            axis.variable("Position", "Double", 100.5 + i, { ...readOnly, ...unit({ low: -500, high: 500 }, "MMT", "mm") });
            axis.variable("Load", "Float", 10 + i, { ...readOnly, ...unit({ low: 0, high: 100 }, "P1", "%") });
            axis.object.addReference({ referenceType: "Organizes", nodeId: mill.object.nodeId }); // a cycle
        });
        mill.method("SelectProgram", [["name", DataType.String]], [], ([name]) => {
            namespace.findNode("s=Mill.Program.Name").setValueFromSource({ dataType: DataType.String, value: name });
            return good();
        });
    }

    function zoo() {
        const namespace = addressSpace.registerNamespace("urn:example:zoo");
        const { object, variable } = folder(addressSpace.rootFolder.objects, namespace, "Zoo", "Zoo");
        const ids = ["ns=0;i=85", "ns=1;s=PLC"].map((id) => coerceNodeId(id));
        variable("LocalizedText", "LocalizedText", { locale: "de", text: "Kessel" });
        variable("LocalizedTexts", "LocalizedText", [{ text: "a" }, { text: "b" }]);
        variable("DateTime", "DateTime", noon);
        variable("DateTimes", "DateTime", [noon, far]);
        variable("FarDateTime", "DateTime", far);
        variable("ByteString", "ByteString", Buffer.from([1, 2, 255]));
        variable("ByteStrings", "ByteString", [Buffer.from([1]), Buffer.from([2, 3])]);
        variable("Bytes", "Byte", new Uint8Array([7, 8]), { valueRank: 1 });
        variable("QualifiedName", "QualifiedName", { namespaceIndex: 1, name: "Q" });
        variable("QualifiedNames", "QualifiedName", [{ name: "Q" }, { name: "R" }]);
        variable("Guid", "Guid", guid);
        variable("Guids", "Guid", [guid, guid]);
        variable("NodeId", "NodeId", ids[1]);
        variable("NodeIds", "NodeId", ids);
        variable("XmlElement", "XmlElement", "<a/>");
        variable("StatusCode", "StatusCode", StatusCodes.BadTimeout);
        variable("Duration", coerceNodeId("ns=0;i=290"), 250, { wire: DataType.Double });
        variable("Number", coerceNodeId("ns=0;i=26"), 5, { wire: DataType.Int16 });
        namespace.addVariable({
            componentOf: object, browseName: "Matrix", nodeId: "s=Zoo.Matrix", dataType: DataType.Int32, valueRank: 2, arrayDimensions: [2, 3],
            value: new Variant({ dataType: DataType.Int32, arrayType: VariantArrayType.Matrix, dimensions: [2, 3], value: new Int32Array([1, 2, 3, 4, 5, 6]) }),
        });
        namespace.addMethod(object, { browseName: "Locked", nodeId: "s=Zoo.Locked" }); // nobody may call it
        variable("Point", "Point", make("Point", process.env.OTHER_TYPES ? { label: "here", z: 7 } : { x: 1.5, y: -2 }));
        variable("Outcome", "Outcome", make("Outcome", { fault: "jam" }));
        variable("Outcomes", "Outcome", [make("Outcome", { good: 7 }), make("Outcome", {})]);
        variable("Parcel", "Parcel", make("Parcel", { serial: 9, spot: make("Point", {}), target: "dock" }));
        variable("Crate", "Crate", make("Crate", { outcome: make("Outcome", { good: 1 }), parts: [make("Part", { serial: 2 }), make("Part", { serial: 3, marks: ["x"] })] }));
        const dynamic = (id, dataType, value) => namespace.addVariable({
            componentOf: object, browseName: id, nodeId: "s=Zoo." + id, dataType, minimumSamplingInterval: 20,
            value: { timestamped_get: () => new DataValue({ value: { dataType: DataType.ExtensionObject, value }, sourceTimestamp: noon }) },
        });
        dynamic("Any", "ns=0;i=24", make("Part", { serial: 5 }));
        dynamic("SomePart", dataTypeOf("Part").nodeId, make("Parcel", { serial: 6, target: "gate" }));
    }

    plc();
    cnc();
    zoo();
};
