package influx

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Points are the properties that both sinks have: what becomes of a row.
type Points struct {
	Measurement connector.Template            `prop:"measurement,required" doc:"Measurement of the points."`
	Tags        map[string]connector.Template `prop:"tags" doc:"Tags of the points by name, such as {\"device\": \"{{.device}}\"}. One that is empty, or a missing column, is left out."`
	Fields      []string                      `prop:"fields" doc:"Columns that become fields, where they are there; all of them when empty. Tags and the time may come from others."`
	TsFieldName string                        `prop:"tsFieldName" doc:"Column with the time of the point: a number in the unit of precision, or DATETIME."`
	Precision   string                        `prop:"precision" doc:"Unit of numbers in tsFieldName: ns, us, ms or s."`
	Compression string                        `prop:"compression" doc:"gzip: requests are compressed."`
	Timeout     time.Duration                 `prop:"timeout" doc:"Limit for a request and its answer."`
	connector.TLS
}

// units are the precisions, in nanoseconds.
var units = map[string]int64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}

func (p *Points) validate() error {
	switch {
	case units[p.Precision] == 0:
		return fmt.Errorf(`property "precision": %q is no unit; there are ns, us, ms and s`, p.Precision)
	case p.Compression != "" && p.Compression != "gzip":
		return fmt.Errorf(`property "compression": there is gzip, not %q`, p.Compression)
	case p.Timeout <= 0:
		return errors.New(`property "timeout" must be positive`)
	}
	for name := range p.Tags {
		if name == "" {
			return errors.New(`property "tags": a tag has no name`)
		}
	}
	return nil
}

func checkAddr(addr string) error {
	u, err := url.Parse(addr)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf(`property "addr": %q is no address such as http://127.0.0.1:8086`, httpclient.Redact(addr))
	}
	return nil
}

// Adjust makes a message of each row, so that the templates of tags see it.
func (p *Points) Adjust(common *connector.SinkCommon) error {
	if common.DataTemplate == "" {
		common.SendSingle = true
	}
	return nil
}
