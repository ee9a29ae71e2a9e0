package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"

	"sluice/upstream"
)

// coreVersion stands in for http.DefaultTransport while the SDK starts. The SDK
// asks core-metadata for its version, and does not start without an answer; the
// last one does as well.
type coreVersion struct {
	base     http.RoundTripper
	file     *upstream.File
	patience time.Duration
	log      *slog.Logger
}

// lastVersion is what is kept of it.
type lastVersion struct {
	Answer []byte `json:"answer"`
}

// versionLimit bounds the answer, which has about a hundred bytes.
const versionLimit = 64 << 10

// RoundTrip answers for a core-metadata that does not.
func (c *coreVersion) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != common.ApiVersionRoute || r.Method != http.MethodGet {
		return c.base.RoundTrip(r)
	}
	var last lastVersion
	_, known := c.file.Load(&last)
	if known != nil && !errors.Is(known, upstream.ErrNothing) {
		c.log.Warn("the last known version of core-metadata is not used", "error", known)
	}
	text, err := c.ask(r, known == nil)
	switch {
	case err == nil:
		if err := c.keep(last.Answer, text); err != nil {
			c.log.Error("the version of core-metadata is not kept: without it this service will not start", "error", err)
		}
	case known != nil:
		return nil, err
	default:
		c.log.Warn("core-metadata is away: the service starts without it", "error", err)
		text = last.Answer
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{common.ContentType: {common.ContentTypeJSON}}, Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)),
	}, nil
}

func (c *coreVersion) keep(before, now []byte) error {
	if bytes.Equal(before, now) {
		return nil
	}
	return c.file.Save(lastVersion{now})
}

// ask waits for an answer, but not for long where there is another one.
func (c *coreVersion) ask(r *http.Request, known bool) ([]byte, error) {
	if !known {
		return c.once(r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), c.patience)
	defer cancel()
	for {
		text, err := c.once(r.Clone(ctx))
		if err == nil {
			return text, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(c.patience/8 + time.Millisecond):
		}
	}
}

func (c *coreVersion) once(r *http.Request) ([]byte, error) {
	res, err := c.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was read alone
	text, err := io.ReadAll(io.LimitReader(res.Body, versionLimit))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("core-metadata answers %s", res.Status)
	}
	return text, err
}
