package api

import "net/http"

func (a *API) ruleParams(w http.ResponseWriter, r *http.Request) error {
	params, err := a.Rules.Params(r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	writeJSON(w, http.StatusOK, params)
	return nil
}

func (a *API) setRuleParams(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	params, err := a.Rules.SetParams(r.PathValue("id"), text)
	if err != nil {
		return missing(err)
	}
	writeJSON(w, http.StatusOK, params)
	return nil
}
