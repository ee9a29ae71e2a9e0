package mqtt

import (
	"errors"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// kubeedgeTopics are the topics of all devices, by short names: an id is a name,
// or from release 1.17 on a namespace and a name. A + at the first level does
// not match them.
var kubeedgeTopics = map[string][]string{
	"twin":     deviceTopics("$hw", "/twin/update"),
	"delta":    deviceTopics("$hw", "/twin/update/delta"),
	"document": deviceTopics("$hw", "/twin/update/document"),
	"result":   slices.Concat(deviceTopics("$hw", "/twin/update/result"), deviceTopics("$hw", "/twin/get/result")),
	"state":    deviceTopics("$hw", "/state/update"),
	"data":     deviceTopics("$ke", "/data/update"),
}

func deviceTopics(root, end string) []string {
	return []string{root + "/events/device/+" + end, root + "/events/device/+/+" + end}
}

// KubeEdgeConfig is the configuration of the source for KubeEdge.
type KubeEdgeConfig struct {
	Datasource string `prop:"datasource,required" doc:"What is read of all devices: twin (reports and wishes), delta, document, result, state or data (time series past the twins); or filters of topics such as $hw/events/device/default/+/twin/update. With commas between them."`
	ModelFile  string `prop:"kubeedgeModelFile" doc:"File with what gives columns their types: DeviceModels and Devices as YAML or JSON, the ConfigMap of a node, or its deviceProfile.json. A relative path begins in DataDir/files of the service. Without it the types are those that messages say. It is read when the first rule of a stream starts."`
	Version    string `prop:"kubeedgeVersion,ignored" doc:"Version of KubeEdge." reason:"the models and topics tell it"`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0, 1 or 2."`
	Connection
}

// Validate checks what the types cannot say.
func (c *KubeEdgeConfig) Validate() error {
	for _, f := range c.filters() {
		if err := mqttclient.CheckFilter(f); err != nil {
			return err
		}
	}
	return errors.Join(checkQoS(c.QoS), c.validate())
}

func (c *KubeEdgeConfig) filters() []string {
	var out []string
	for f := range strings.SplitSeq(c.Datasource, ",") {
		f = strings.TrimSpace(f)
		if topics, ok := kubeedgeTopics[f]; ok {
			out = append(out, topics...)
			continue
		}
		out = append(out, f)
	}
	return out
}

func registerKubeEdge(r *connector.Registry, pool *mqttclient.Pool, models *modelFiles) {
	d := KubeEdgeConfig{QoS: 1, Connection: defaults}
	d.Server = "tcp://127.0.0.1:1883"
	connector.AddSource(r, connector.SourceSpec[KubeEdgeConfig]{
		Name: "kubeedge",
		Summary: "Reads the twins and time series of KubeEdge's devices from the MQTT broker at the edge. A message is a row with a column for each property: " +
			"what is reported, else what is wanted; of a delta what is wanted; of a document what is current, NULL if it is gone. " +
			"meta() has device, namespace, event_id, timestamp and kind, and meta(PROPERTY) actual, expected, last, timestamp and type. " +
			"Flat messages have a column for each key. FORMAT=\"kubeedge\" reads the same from a stream of type mqtt, without models.",
		Defaults: d,
		Example:  `{"datasource": "twin, data", "server": "tcp://127.0.0.1:1883", "qos": 1}`,
		Format:   "kubeedge",
		Types: func(c KubeEdgeConfig, env connector.Env) (connector.Types, error) {
			m, err := models.read(c.ModelFile, env)
			if m == nil {
				return nil, err
			}
			return m, err
		},
		Durable: func(c KubeEdgeConfig) bool { return c.EnableSession && c.QoS >= 1 },
		Group:   func(c KubeEdgeConfig) string { return c.group() },
		New: func(c KubeEdgeConfig, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			return newCloudSource(o, c.filters(), c.QoS, pool, env), err
		},
	})
}
