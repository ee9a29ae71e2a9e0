package edgex

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/labstack/echo/v4"
)

// The routes of our own, beside those of the SDK. They have its time limit for
// a request, so a client sends long lists in parts.
const (
	importRoute  = "/api/v3/import"
	copyRoute    = "/api/v3/copy"
	devicesRoute = "/api/v3/devices"
	twinsRoute   = "/api/v3/twins"
)

// maxList bounds the body of a request.
const maxList = 4 << 20

func (b *bridge) addRoutes() error {
	return errors.Join(
		b.sdk.AddCustomRoute(importRoute, interfaces.Authenticated, b.importDevices, http.MethodPost),
		b.sdk.AddCustomRoute(copyRoute, interfaces.Authenticated, b.copyDevices, http.MethodPost),
		b.sdk.AddCustomRoute(devicesRoute, interfaces.Authenticated, b.listDevices, http.MethodGet),
		b.sdk.AddCustomRoute(devicesRoute+"/:"+common.Name, interfaces.Authenticated, b.showDevice, http.MethodGet),
		b.sdk.AddCustomRoute(twinsRoute, interfaces.Authenticated, b.listTwins, http.MethodGet),
		b.addDriverRoutes(),
	)
}

// importDevices takes a list of devices as CSV. With dryRun=true nothing
// changes. The answer has a row for each line: 200, or 422 when one of them is
// not right. Then nothing was changed.
func (b *bridge) importDevices(c echo.Context) error {
	rows, err := parseDevices(http.MaxBytesReader(c.Response(), c.Request().Body, maxList))
	if err != nil {
		return c.JSON(http.StatusBadRequest, map[string]string{"message": err.Error()})
	}
	return b.carryOut(c, rows)
}

// copyDevices takes {"device": name, "copies": [{"name": …, "properties": {…}}]}
// and answers as importDevices does.
func (b *bridge) copyDevices(c echo.Context) error {
	var in struct {
		Device string   `json:"device"`
		Copies []copyOf `json:"copies"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, maxList)).Decode(&in); err != nil {
		return c.JSON(http.StatusBadRequest, map[string]string{"message": fmt.Sprintf("the body is not as it should be: %v", err)})
	}
	rows, err := b.copies(in.Device, in.Copies)
	if err != nil {
		return c.JSON(http.StatusBadRequest, map[string]string{"message": err.Error()})
	}
	return b.carryOut(c, rows)
}

func (b *bridge) carryOut(c echo.Context, rows []row) error {
	b.plan(rows)
	status := http.StatusOK
	dry, _ := strconv.ParseBool(c.QueryParam("dryRun"))
	if hasErrors(rows) {
		status = http.StatusUnprocessableEntity
	} else if !dry {
		b.applyRows(c.Request().Context(), rows)
		if hasErrors(rows) {
			status = http.StatusBadGateway // core-metadata refused some
		}
	}
	return c.JSON(status, map[string][]row{"devices": rows})
}

func hasErrors(rows []row) bool {
	for _, r := range rows {
		if r.Action == actionError {
			return true
		}
	}
	return false
}
