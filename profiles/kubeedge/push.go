package kubeedge

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// pushActions are the sinks of a property's pushMethod.
func (p *part) pushActions() []action {
	c := p.reads(p.setting.Push)
	var actions []action
	if v := c.inside("mqtt"); v != nil {
		actions = append(actions, p.pushMQTT(v))
	}
	if v := c.inside("http"); v != nil {
		actions = append(actions, p.pushHTTP(v))
	}
	if c.inside("otel") != nil {
		p.warn("pushMethod.otel has no sink here: it is kept, and no rule is made")
	}
	if c.get("anomalyDetection") != nil {
		p.warn("pushMethod.anomalyDetection has no meaning here: it is kept, and no rule is made")
	}
	if db := c.inside("dbMethod"); db != nil {
		actions = append(actions, p.pushDatabases(db)...)
	}
	c.close()
	return actions
}

// reads is a reader of what the device says about the property.
func (p *part) reads(values map[string]any) *config {
	return newConfig(values, func(severity Severity, hint, format string, args ...any) {
		p.at(severity, p.line(), p.property.Name, hint, format, args...)
	})
}

// inside reads an object in a configuration, nil if there is none.
func (c *config) inside(name string) *config {
	v := c.get(name)
	if v == nil {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		c.report(Error, "", "%s: an object is wanted, not %q", name, text(v))
		return nil
	}
	return newConfig(m, c.report)
}

// required is a text that must be there.
func (c *config) required(name string) string {
	s := c.text(name)
	if s == "" {
		c.report(Error, "", "%s is missing", name)
	}
	return s
}

func (p *part) pushMQTT(c *config) action {
	return action{name: "mqtt", typ: "mqtt", properties: map[string]any{
		"server": withScheme(c.required("address"), "tcp"), "topic": c.required("topic"),
		"qos": c.whole(0, 2, 0, "qos"), "retained": c.truth("retained"), "sendSingle": true,
	}}
}

func (p *part) pushHTTP(c *config) action {
	host := withScheme(c.required("hostName"), "http")
	if u, err := url.Parse(host); err != nil || u.Host == "" {
		c.report(Error, "it is such as http://10.0.0.5", "hostName: %q is no address", host)
	} else if port := c.whole(1, 65535, 0, "port"); port > 0 && u.Port() == "" {
		host = u.Scheme + "://" + net.JoinHostPort(u.Hostname(), strconv.FormatInt(port, 10))
	}
	path := c.text("requestPath")
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	properties := map[string]any{"url": host + path, "method": "POST", "sendSingle": true}
	if t := c.whole(0, math.MaxInt64, 0, "timeout"); t > 0 { // its unit is nowhere defined
		d, err := Auto.duration(new(t))
		if err != nil {
			c.report(Error, "", "timeout: %v", err)
		}
		properties["timeout"] = interval(d)
	}
	return action{name: "http", typ: "rest", properties: properties}
}

// withScheme is an address with a scheme in front of it.
func withScheme(address, scheme string) string {
	if address == "" || strings.Contains(address, "://") {
		return address
	}
	return scheme + "://" + address
}

// pushDatabases are the sinks of dbMethod.
func (p *part) pushDatabases(c *config) []action {
	var actions []action
	if v := c.inside("influxdb2"); v != nil {
		actions = append(actions, p.pushInflux(v))
	}
	if v := c.inside("redis"); v != nil {
		if client := v.inside("redisClientConfig"); client != nil {
			actions = append(actions, p.pushRedis(client))
		}
	}
	if v := c.inside("mysql"); v != nil {
		if client := v.inside("mysqlClientConfig"); client != nil {
			actions = append(actions, p.pushSQL(client))
		}
	}
	if c.get("TDEngine", "tdengine") != nil {
		p.warn("dbMethod.TDEngine has no sink here: it is kept, and no rule is made")
	}
	c.close()
	return actions
}

func (p *part) pushInflux(c *config) action {
	properties := map[string]any{"tsFieldName": "timestamp", "precision": "ms", "sendSingle": true}
	a := action{name: "influx2", typ: "influx2", properties: properties, bare: true}
	if client := c.inside("influxdb2ClientConfig"); client != nil {
		properties["addr"], properties["org"], properties["bucket"] = client.required("url"), client.required("org"), client.required("bucket")
	}
	properties["measurement"] = p.device.Name
	if data := c.inside("influxdb2DataConfig"); data != nil {
		if m := data.text("measurement"); m != "" {
			properties["measurement"] = m
		}
		if tags, _ := data.get("tag").(map[string]any); len(tags) > 0 {
			properties["tags"] = tags
		}
		a.value = data.text("fieldKey")
	}
	if a.value == "" {
		a.value = p.resources[0].Name
	}
	properties["fields"] = []string{a.value}
	p.warn("dbMethod.influxdb2: its token is not in the device: give it to the sink influx2, by connection or configuration key")
	return a
}

func (p *part) pushRedis(c *config) action {
	for _, key := range []string{"poolsize", "minIdleConns"} {
		c.get(key) // the sink has its own
	}
	return action{name: "redis", typ: "redis", properties: map[string]any{
		"addr": c.required("addr"), "db": c.whole(0, 1<<16, 0, "db"), "dataType": "string", "sendSingle": true,
		"key": fmt.Sprintf("%s/%s/%s", p.device.namespace(), p.device.Name, p.property.Name),
	}}
}

func (p *part) pushSQL(c *config) action {
	u := url.URL{Scheme: "mysql", Host: c.required("addr"), Path: "/" + c.required("database")}
	properties := map[string]any{"table": p.stream, "fields": []string{"device", "property", "value", "timestamp"}, "sendSingle": true}
	if user := c.text("userName"); user != "" {
		u.User = url.User(user)
	}
	properties["dburl"] = u.String()
	p.warn("dbMethod.mysql: the table %s must be there, with the columns device, property, value and timestamp; its password is not in the device: give it to the sink sql", p.stream)
	return action{name: "sql", typ: "sql", properties: properties}
}
