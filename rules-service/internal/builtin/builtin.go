// Package builtin is the table of contents: the connectors of the service.
package builtin

import (
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/dingtalk"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/connector/feishu"
	"sluice/rules-service/internal/connector/file"
	"sluice/rules-service/internal/connector/httppull"
	"sluice/rules-service/internal/connector/httppush"
	"sluice/rules-service/internal/connector/influx"
	"sluice/rules-service/internal/connector/log"
	"sluice/rules-service/internal/connector/memory"
	"sluice/rules-service/internal/connector/mqtt"
	"sluice/rules-service/internal/connector/nop"
	"sluice/rules-service/internal/connector/redis"
	"sluice/rules-service/internal/connector/rest"
	"sluice/rules-service/internal/connector/sap"
	"sluice/rules-service/internal/connector/simulator"
	"sluice/rules-service/internal/connector/sql"
	"sluice/rules-service/internal/connector/wechat"
	"sluice/rules-service/internal/connector/wecom"
)

// Registry returns a registry with all of them.
func Registry(bus edgex.Bus) *connector.Registry {
	r := connector.NewRegistry()
	dingtalk.Register(r)
	edgex.Register(r, bus)
	feishu.Register(r)
	file.Register(r)
	httppull.Register(r)
	httppush.Register(r)
	influx.Register(r)
	log.Register(r)
	memory.Register(r)
	mqtt.Register(r)
	nop.Register(r)
	redis.Register(r)
	rest.Register(r)
	sap.Register(r)
	simulator.Register(r)
	sql.Register(r)
	wechat.Register(r)
	wecom.Register(r)
	return r
}
