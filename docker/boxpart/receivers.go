package main

import (
	"context"
	"fmt"
	"net/http"

	"sluice/box/receivers"
)

// What the receivers know, as the samples do. They guard nothing: they show
// where a key and a token go.
const (
	wecomKey   = "box-robot"
	erpToken   = "box-erp-token"
	cloudTopic = "cloud/alarms"
)

type receiversPart struct {
	Listen string `default:":8899" help:"Address of the WeCom robot and the ERP."`
	Cloud  string `default:"cloud:1883" help:"MQTT broker that stands for a cloud."`
}

// Run prints each alarm as a line until the context ends.
func (p *receiversPart) Run(ctx context.Context) error {
	inbox := receivers.NewInbox(func(m receivers.Message) { fmt.Println(m.Line()) })
	cloud, err := receivers.OpenCloud(p.Cloud, cloudTopic, inbox)
	if err != nil {
		return err
	}
	defer cloud.Close()
	mux := http.NewServeMux()
	mux.Handle("POST /wecom/cgi-bin/webhook/send", receivers.NewWeCom(wecomKey, inbox))
	mux.Handle("POST /erp/alarms", receivers.NewERP(erpToken, inbox))
	mux.Handle("GET /received", inbox)
	return serve(ctx, p.Listen, mux)
}
