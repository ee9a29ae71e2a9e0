package influx

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
)

// BenchmarkPoints writes points to a real server in requests of 1,000: in turn
// with the sink, from rows as rules give them, and with net/http alone, from
// numbers at hand.
func BenchmarkPoints(b *testing.B) {
	const points = 1000
	p := influxDB(b)
	s := v1(b, p, nil)
	at := time.Now().UnixNano()
	msgs := make([]connector.Outbound, points)
	for i := range msgs {
		row := value.FieldsOf([]string{"humidity", "temperature"}, []value.Value{value.OfFloat(40.5), value.OfFloat(float64(i) / 10)})
		msgs[i] = connector.Outbound{Payload: codec.AppendRows(nil, []*value.Fields{row}), Values: map[string]string{"measurement": "boiler", "tags.device": device(i)}}
	}
	var body bytes.Buffer
	bare := func() {
		body.Reset()
		for i := range points {
			at++
			fmt.Fprintf(&body, "boiler,device=%s humidity=%v,temperature=%v %d\n", device(i), 40.5, float64(i)/10, at)
		}
		res, err := http.Post("http://"+p.Addr()+"/write?db="+database+"&precision=ns", "text/plain", bytes.NewReader(body.Bytes()))
		if err != nil || res.StatusCode != http.StatusNoContent {
			b.Fatal(err, res)
		}
		_ = res.Body.Close()
	}
	connectortest.Compare(b, points, func() {
		if err := s.Write(b.Context(), msgs); err != nil {
			b.Fatal(err)
		}
	}, bare)
}

func device(i int) string { return fmt.Sprintf("d%d", i%50) }
