package main

import (
	"context"
	"net/http"
	"time"
)

// lastCall is how long a command that is done waits for the service.
const lastCall = 2 * time.Second

// forgetBrowse makes the service forget a browse, and end it when the command was
// interrupted. What the service says to that does not matter: it forgets by itself
// later.
func (d *deviceService) forgetBrowse(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastCall)
	defer cancel()
	_, _ = d.call(ctx, http.MethodDelete, browsePath(id), "")
}

func browsePath(id string) string { return "opcua/browse/" + escape(id) }
