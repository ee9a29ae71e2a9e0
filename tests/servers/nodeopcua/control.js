// What tests make the server do, one command a line on standard input; each is
// answered by a line on standard output: "done" and what there is to say.
"use strict";
const readline = require("readline");
const { DataType, VariantArrayType } = require("node-opcua-variant");
const { StatusCodes } = require("node-opcua-status-code");

module.exports = (server, namespace, plc) => {
    const engine = server.engine;
    const counters = [];
    let beat, count = 0;

    const sessions = () => Object.values(engine._sessions);
    const subscriptions = () => [...sessions().map((s) => s.publishEngine), engine._orphanPublishEngine].filter(Boolean).flatMap((e) => e.subscriptions);
    const step = () => {
        count++;
        for (const c of counters) c.setValueFromSource({ dataType: DataType.Int32, value: count });
    };

    const commands = {
        // counters N: variables C0, C1 … of Int32 with the value 0
        counters: (n) => {
            for (let i = counters.length; i < Number(n); i++) {
                counters.push(namespace.addVariable({
                    organizedBy: plc, browseName: "C" + i, nodeId: "s=C" + i, dataType: DataType.Int32,
                    value: { dataType: DataType.Int32, value: count }, minimumSamplingInterval: 0,
                }));
            }
        },
        // step: every counter by one
        step: () => { step(); return count; },
        // beat MS: a step at this interval; 0 ends it
        beat: (ms) => {
            clearInterval(beat);
            beat = Number(ms) > 0 ? setInterval(step, Number(ms)) : undefined;
            return count;
        },
        // set NAME TYPE VALUE [STATUS [TIME]]: a variable, with the time of its source
        set: (name, type, value, status = "Good", time) =>
            namespace.findNode("s=" + name).setValueFromSource(
                { dataType: DataType[type], value: JSON.parse(value) }, StatusCodes[status], time ? new Date(time) : new Date()),
        // raise TYPE SEVERITY VALVE TEXT: an event of the PLC; the type is - for the basic one
        raise: (type, severity, valve, ...text) => {
            const data = { message: { dataType: DataType.LocalizedText, value: { text: text.join(" ") } }, severity: { dataType: DataType.UInt16, value: Number(severity) } };
            if (type === "-") return plc.raiseEvent("BaseEventType", data);
            plc.raiseEvent(namespace.findNode("s=" + type), { ...data, valve: { dataType: DataType.String, value: valve } });
        },
        // forget-sessions: all end, as after a time-out; their subscriptions stay
        "forget-sessions": () => sessions().forEach((s) => engine.closeSession(s.authenticationToken, false, "Terminated")),
        // drop-subscriptions: all end without a word
        "drop-subscriptions": () => subscriptions().forEach((s) => { s.terminate(); s.publishEngine?.remove_subscription?.(s); }),
        // expire: all subscriptions, as if nobody had asked for their changes for long
        expire: () => subscriptions().forEach((s) => { s._life_time_counter = s.lifeTimeCount; }),
        // skip: each subscription leaves a sequence number out
        skip: () => subscriptions().forEach((s) => s._get_next_sequence_number()),
        // refuse-transfer: as servers do that cannot
        "refuse-transfer": () => { engine.transferSubscription = async () => ({ statusCode: StatusCodes.BadUserAccessDenied, availableSequenceNumbers: [] }); },
        // block MS: the server does nothing else
        block: (ms) => { for (const end = Date.now() + Number(ms); Date.now() < end;); },
        // crowd N M: an object Crowd with N objects, each with M variables of long names
        crowd: (objects, variables) => {
            const crowd = namespace.addObject({ organizedBy: plc.addressSpace.rootFolder.objects, browseName: "Crowd", nodeId: "s=Crowd" });
            for (let i = 0; i < Number(objects); i++) {
                const object = namespace.addObject({ componentOf: crowd, browseName: "O" + i });
                for (let k = 0; k < Number(variables); k++) {
                    namespace.addVariable({ componentOf: object, browseName: ("V" + k).padEnd(100, "x"), dataType: DataType.Int32, value: { dataType: DataType.Int32, value: k } });
                }
            }
        },
        // text NAME SIZE: a variable with so many letters
        text: (name, size) => {
            namespace.addVariable({ organizedBy: plc, browseName: name, nodeId: "s=" + name, dataType: DataType.String, value: { dataType: DataType.String, value: "x".repeat(Number(size)) } });
        },
        // wave NAME SIZE: a variable with so many elements of SByte
        wave: (name, size) => {
            namespace.addVariable({
                organizedBy: plc, browseName: name, nodeId: "s=" + name, dataType: DataType.SByte, valueRank: 1,
                value: { dataType: DataType.SByte, arrayType: VariantArrayType.Array, value: new Int8Array(Number(size)) },
            });
        },
        sessions: () => sessions().length,
        subscriptions: () => subscriptions().length,
        // items: that are monitored, over all subscriptions
        items: () => subscriptions().reduce((n, s) => n + s.monitoredItemCount, 0),
    };

    commands.counters(process.env.COUNTERS || 0);
    readline.createInterface({ input: process.stdin }).on("line", (line) => {
        const [name, ...args] = line.trim().split(/\s+/);
        try {
            const said = commands[name](...args);
            console.log(said === undefined ? "done" : "done " + said);
        } catch (e) {
            console.log("failed " + String(e.message).replaceAll("\n", " "));
        }
    });
};
