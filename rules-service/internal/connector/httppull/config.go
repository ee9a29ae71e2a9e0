package httppull

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Request are the properties of the requests of the source and of the lookup
// table.
type Request struct {
	URL          connector.Template            `prop:"url,required" doc:"Address, http:// or https://."`
	Datasource   connector.Template            `prop:"datasource" doc:"Path behind url."`
	Method       string                        `prop:"method" doc:"GET, POST, PUT, PATCH or DELETE."`
	Headers      map[string]connector.Template `prop:"headers" doc:"Headers of the request."`
	Bearer       connector.Secret              `prop:"bearer" doc:"Token of the header Authorization; secret://NAME/KEY takes it from the secret store."`
	Body         connector.Template            `prop:"body" doc:"Body of the request."`
	BodyType     string                        `prop:"bodyType" doc:"json, text, html, xml, javascript, form or none: the Content-Type of the body. With form the body is a form, or a JSON object that becomes one."`
	ResponseType string                        `prop:"responseType" doc:"code: a status of 2xx is success; body: code in the JSON answer must be 200 to 299 too."`
	Success      []connector.Condition         `prop:"success" doc:"Conditions that the answer must meet, such as {\"path\": \"errcode\", \"equals\": 0}, for servers that report errors with status 200. With {\"status\": [200, 404]} other statuses than 2xx are success too."`
	OAuth        connector.OAuth               `prop:"oauth" doc:"Requests that fetch a token: access {url, method (POST), body, headers, expire: seconds} and, for the next ones, refresh {url, method, body, headers}. The fields of their answer fill templates, such as {{.token}} or {{.data.token}}."`
	RefreshOn    []connector.Condition         `prop:"refreshOn" doc:"Answers upon which the token is fetched anew and the request made once more, beside status 401."`
	connector.Web
}

// contentTypes by bodyType; none sends no body.
var contentTypes = map[string]string{"json": "application/json", "text": "text/plain", "html": "text/html", "xml": "application/xml",
	"javascript": "application/javascript", "form": "application/x-www-form-urlencoded", "none": ""}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func defaultRequest() Request {
	r := Request{Method: http.MethodGet, BodyType: "json", ResponseType: "code", Web: connector.DefaultWeb()}
	r.Timeout = 5 * time.Second
	return r
}

// check says what is wrong with the properties.
func (r *Request) check() error {
	r.Method, r.BodyType = strings.ToUpper(r.Method), strings.ToLower(r.BodyType)
	if address := r.address(); !strings.Contains(address, "{{") {
		if err := httpclient.CheckURL(address); err != nil {
			return fmt.Errorf(`property "url": %w`, err)
		}
	}
	switch _, known := contentTypes[r.BodyType]; {
	case !known:
		return fmt.Errorf(`property "bodyType": %q is not supported; there are json, text, html, xml, javascript, form and none`, r.BodyType)
	case !slices.Contains(methods, r.Method):
		return fmt.Errorf(`property "method": %q is not supported; there are %s`, r.Method, strings.Join(methods, ", "))
	case r.ResponseType != "code" && r.ResponseType != "body":
		return fmt.Errorf(`property "responseType": there are code and body, not %q`, r.ResponseType)
	}
	if _, err := httpclient.ParseDenyList(r.Deny); err != nil {
		return fmt.Errorf(`property "denyAddresses": %w`, err)
	}
	_, err := newTemplates(r)
	requests := r.requests()
	return errors.Join(r.Web.Check(), err, connector.CheckConditions("success", r.Success), connector.CheckConditions("refreshOn", r.RefreshOn), requests.Check())
}

// address is url with the path behind it.
func (r *Request) address() string {
	server, path := string(r.URL), string(r.Datasource)
	if strings.HasSuffix(server, "/") {
		path = strings.TrimPrefix(path, "/")
	}
	return server + path
}

// requests are those that fetch tokens.
func (r *Request) requests() httpclient.OAuth {
	return httpclient.OAuth{Access: httpclient.NewTokenRequest(r.OAuth.Access.Request()), Refresh: httpclient.NewTokenRequest(r.OAuth.Refresh.Request()),
		Expire: string(r.OAuth.Access.Expire)}
}

// key is what tells requests apart beside the properties that are no templates.
func (r *Request) key() string {
	return fmt.Sprintf("%q %q %q", r.address(), r.Headers, r.Body)
}
