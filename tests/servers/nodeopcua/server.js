// An OPC UA server that is not ours. Usage: node server.js PORT FOLDER. It
// offers every security policy in every mode, anonymous users and joe with the
// password hush. Clients' certificates are accepted. FOLDER has its certificate
// and key: certificate.pem, pki/own/private/private_key.pem. When it is ready it
// prints "ready", and takes the commands of control.js. With SHIFTED set in its
// environment, its namespaces have other indexes; with MACHINES, it has those of
// machines.js, too, and makes no answers above 128 KB.
"use strict";
const fs = require("fs");
const path = require("path");
const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-secure-channel");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");
const { StatusCodes } = require("node-opcua-status-code");
const { nodesets } = require("node-opcua-nodesets");

const [port, folder] = [Number(process.argv[2]), process.argv[3]];

// diagnostics are objects of every session and subscription, which would cost
// more than all that tests ask for.
const diagnostics = ["i=3706", "i=2290"];

function space(server) {
    for (const id of diagnostics) server.engine.addressSpace.deleteNode(server.engine.addressSpace.findNode(id));
    if (process.env.SHIFTED) server.engine.addressSpace.registerNamespace("urn:other");
    const namespace = server.engine.addressSpace.registerNamespace("urn:peer");
    const objects = server.engine.addressSpace.rootFolder.objects;
    const plc = namespace.addObject({ organizedBy: objects, notifierOf: objects.server, browseName: "PLC", nodeId: "s=PLC", eventNotifier: 1 });
    const trip = namespace.addEventType({ subtypeOf: "BaseEventType", browseName: "TripType", nodeId: "s=TripType" });
    namespace.addVariable({ propertyOf: trip, browseName: "Valve", dataType: DataType.String, modellingRule: "Mandatory" });
    const variable = (name, dataType, value, more) =>
        namespace.addVariable({
            componentOf: plc, browseName: name, nodeId: "s=" + name, dataType: DataType[dataType],
            value: new Variant({ dataType: DataType[dataType], value }), minimumSamplingInterval: 50, ...more,
        });
    variable("Pressure", "Double", 4.25);
    variable("Count", "Int32", 7);
    variable("Name", "String", "North");
    variable("Flame", "Boolean", true);
    variable("Small", "Byte", 200);
    variable("Fixed", "Int32", 8, { accessLevel: "CurrentRead", userAccessLevel: "CurrentRead" });
    namespace.addVariable({
        componentOf: plc, browseName: "Curve", nodeId: "s=Curve", dataType: DataType.Double, valueRank: 1,
        value: new Variant({ dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, 2.5, 4] }),
    });
    namespace.addAnalogDataItem({
        componentOf: plc, browseName: "Level", nodeId: "s=Level", dataType: "Double", engineeringUnitsRange: { low: 0, high: 200 },
        value: { dataType: "Double", value: 100 }, minimumSamplingInterval: 0,
    });
    let ticks = 0;
    const ticker = variable("Ticks", "Int32", 0);
    setInterval(() => ticker.setValueFromSource({ dataType: DataType.Int32, value: ++ticks }), 100);
    const add = namespace.addMethod(plc, {
        browseName: "Add", nodeId: "s=Add",
        inputArguments: [{ name: "a", dataType: DataType.Int32 }, { name: "b", dataType: DataType.Int32 }],
        outputArguments: [{ name: "sum", dataType: DataType.Int32 }],
    });
    add.bindMethod((inputs, context, callback) =>
        callback(null, {
            statusCode: StatusCodes.Good,
            outputArguments: [{ dataType: DataType.Int32, value: inputs[0].value + inputs[1].value }],
        }));
    require("./control")(server, namespace, plc);
}

// small are limits of messages, as little machines have them.
const small = { adjustTransportLimits: () => ({ receiveBufferSize: 65535, sendBufferSize: 65535, maxMessageSize: 128 * 1024, maxChunkCount: 10 }) };

// nodesetFiles are the standard one, and the types of the machines.
function nodesetFiles() {
    if (!process.env.MACHINES) return [nodesets.standard];
    const file = path.join(folder, "types.xml");
    fs.writeFileSync(file, require("./types").nodeset());
    return [nodesets.standard, file];
}

(async () => {
    const serverCertificateManager = new OPCUACertificateManager({ rootFolder: path.join(folder, "pki"), automaticallyAcceptUnknownCertificate: true });
    await serverCertificateManager.initialize();
    const certificateFile = path.join(folder, "certificate.pem");
    const server = new OPCUAServer({
        port, hostname: "127.0.0.1", serverCertificateManager, userCertificateManager: serverCertificateManager,
        certificateFile, privateKeyFile: serverCertificateManager.privateKey, nodeset_filename: nodesetFiles(),
        serverInfo: { applicationUri: "urn:peer" }, allowAnonymous: true, transportSettings: process.env.MACHINES && small,
        serverCapabilities: { operationLimits: { maxMonitoredItemsPerCall: 300, maxNodesPerBrowse: 400 }, maxBrowseContinuationPoints: 5, maxSubscriptionsPerSession: 3, maxSessions: 100 }, maxConnectionsPerEndpoint: 100,
        securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
        securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic128Rsa15, SecurityPolicy.Basic256, SecurityPolicy.Basic256Sha256,
            SecurityPolicy.Aes128_Sha256_RsaOaep, SecurityPolicy.Aes256_Sha256_RsaPss],
        userManager: { isValidUser: (name, password) => name === "joe" && password === "hush" },
    });
    await server.initialize();
    space(server);
    if (process.env.MACHINES) require("./machines")(server.engine.addressSpace);
    await server.start();
    console.log("ready");
    process.on("SIGTERM", async () => { await server.shutdown(0); process.exit(0); });
})().catch((e) => { console.error(e); process.exit(1); });
