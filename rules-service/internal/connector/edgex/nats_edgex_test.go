//go:build include_nats_messaging

package edgex

import (
	"testing"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/tests/servers/natsserver"
)

// Our client and EdgeX's own understand each other, both ways and in both
// formats.
func TestNATSOfEdgeX(t *testing.T) {
	s := natsserver.Start(t)
	for _, format := range []string{"nats", "json"} {
		for _, kind := range []string{"nats-core", "nats-jetstream"} {
			t.Run(kind+" "+format, func(t *testing.T) {
				bus := natsBus(kind, s.Port, map[string]string{"Format": format, "AutoProvision": "true", "Subject": "edgex/#"})
				theirs, err := messaging.NewMessageClient(bus.config())
				if err != nil {
					t.Fatal(err)
				}
				if err := theirs.Connect(); err != nil {
					t.Fatal(err)
				}
				defer theirs.Disconnect()
				in := types.MessageEnvelope{CorrelationID: "c", RequestID: "r", ErrorCode: 1, Payload: []byte("payload"), ContentType: "application/cbor",
					QueryParams: map[string]string{"ds-pushevent": "true"}}
				in.ApiVersion = "v3"
				l := listen(t, bus, "edgex/a/#")
				if err := theirs.Publish(in, "edgex/a/b"); err != nil {
					t.Fatal(err)
				}
				same(t, l.next(t, 0), in)

				got := make(chan types.MessageEnvelope, 1)
				if err := theirs.Subscribe([]types.TopicChannel{{Topic: "edgex/b/#", Messages: got}}, make(chan error, 1)); err != nil {
					t.Fatal(err)
				}
				ours := dial(t, bus)
				defer ours.Disconnect()
				// A subscription of EdgeX's client may reach the server after it returns.
				if err := theirs.Publish(in, "edgex/b/first"); err != nil {
					t.Fatal(err)
				}
				<-got
				if err := ours.Publish(in, "edgex/b/b"); err != nil {
					t.Fatal(err)
				}
				same(t, <-got, in)
			})
		}
	}
}

func same(t *testing.T, got, want types.MessageEnvelope) {
	t.Helper()
	if string(got.Payload) != string(want.Payload) || got.ApiVersion != want.ApiVersion || got.CorrelationID != want.CorrelationID ||
		got.RequestID != want.RequestID || got.ErrorCode != want.ErrorCode || got.ContentType != want.ContentType ||
		got.QueryParams["ds-pushevent"] != want.QueryParams["ds-pushevent"] {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}
