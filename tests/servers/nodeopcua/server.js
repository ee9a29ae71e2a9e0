// An OPC UA server that is not ours. Usage: node server.js PORT FOLDER. It
// offers every security policy in every mode, anonymous users and joe with the
// password hush. Clients' certificates are accepted. FOLDER has its certificate
// and key: certificate.pem, pki/own/private/private_key.pem. When it is ready it
// prints "ready".
"use strict";
const path = require("path");
const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-secure-channel");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");
const { StatusCodes } = require("node-opcua-status-code");

const [port, folder] = [Number(process.argv[2]), process.argv[3]];

function space(server) {
    const namespace = server.engine.addressSpace.registerNamespace("urn:peer");
    const objects = server.engine.addressSpace.rootFolder.objects;
    const plc = namespace.addObject({ organizedBy: objects, browseName: "PLC", nodeId: "s=PLC" });
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
}

(async () => {
    const serverCertificateManager = new OPCUACertificateManager({ rootFolder: path.join(folder, "pki"), automaticallyAcceptUnknownCertificate: true });
    await serverCertificateManager.initialize();
    const certificateFile = path.join(folder, "certificate.pem");
    const server = new OPCUAServer({
        port, hostname: "127.0.0.1", serverCertificateManager, userCertificateManager: serverCertificateManager,
        certificateFile, privateKeyFile: serverCertificateManager.privateKey,
        serverInfo: { applicationUri: "urn:peer" }, allowAnonymous: true,
        securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
        securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic128Rsa15, SecurityPolicy.Basic256, SecurityPolicy.Basic256Sha256,
            SecurityPolicy.Aes128_Sha256_RsaOaep, SecurityPolicy.Aes256_Sha256_RsaPss],
        userManager: { isValidUser: (name, password) => name === "joe" && password === "hush" },
    });
    await server.initialize();
    space(server);
    await server.start();
    console.log("ready");
    process.on("SIGTERM", async () => { await server.shutdown(0); process.exit(0); });
})().catch((e) => { console.error(e); process.exit(1); });
