package connector

// OAuth are the properties of the requests that fetch a token.
type OAuth struct {
	Access  Access  `prop:"access" doc:"The request that fetches the first token, and each one where there is no refresh."`
	Refresh Refresh `prop:"refresh" doc:"The request that fetches the next ones."`
}

// Access is the request that fetches a token.
type Access struct {
	URL     Secret              `prop:"url" doc:"Address; no token is fetched without it."`
	Method  string              `prop:"method" doc:"POST if empty, or GET."`
	Body    Secret              `prop:"body" doc:"Body, JSON unless the headers say otherwise."`
	Headers map[string]Template `prop:"headers" doc:"Headers."`
	Expire  Template            `prop:"expire" doc:"Seconds that a token lives, such as 3600 or {{.expires_in}}; empty: until the server refuses it."`
}

// Refresh is the request that fetches the next token.
type Refresh struct {
	URL     Secret              `prop:"url" doc:"Address; tokens are fetched as the first one without it."`
	Method  string              `prop:"method" doc:"POST if empty, or GET."`
	Body    Secret              `prop:"body" doc:"Body, JSON unless the headers say otherwise."`
	Headers map[string]Template `prop:"headers" doc:"Headers."`
}

// Wanted tells whether tokens are to be fetched; forms send empty objects.
func (o *OAuth) Wanted() bool { return o.Access.URL != "" }

// Request is the request without what hides its secrets.
func (a *Access) Request() (name, url, method, body string, headers map[string]string) {
	return "access", a.URL.Reveal(), a.Method, a.Body.Reveal(), texts(a.Headers)
}

// Request is the request without what hides its secrets.
func (r *Refresh) Request() (name, url, method, body string, headers map[string]string) {
	return "refresh", r.URL.Reveal(), r.Method, r.Body.Reveal(), texts(r.Headers)
}

func texts(templates map[string]Template) map[string]string {
	out := make(map[string]string, len(templates))
	for name, t := range templates {
		out[name] = string(t)
	}
	return out
}
