"""The airline of tau-bench and tau²-bench: six writes on users, reservations and flights.

What each does follows the environments' published sources (sierra-research/tau-bench and
sierra-research/tau2-bench, MIT), odd habits included, since the recorded verdicts have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.external.books import Books, Dialect, Refusal, number, text

__all__ = ["Airline"]

_NOW = "2024-05-15T15:00:00"
_RESERVATIONS = ("HATHAT", "HATHAU", "HATHAV")
_CERTIFICATES = ("certificate_3221322", "certificate_3221323", "certificate_3221324")
_CABINS = ("business", "economy", "basic_economy")
_PASSENGER = ("first_name", "last_name", "dob")
_INSURANCE, _BAG = 30, 50


class Airline(Books):
    """One run's airline."""

    def book_reservation(
        self,
        user_id: str,
        origin: str,
        destination: str,
        flight_type: str,
        cabin: str,
        flights: list[dict[str, Any]],
        passengers: list[dict[str, Any]],
        payment_methods: list[dict[str, Any]],
        total_baggages: int,
        nonfree_baggages: int,
        insurance: str,
    ) -> None:
        """A new reservation, paid in full from what the customer has on file."""
        user_id = self.key("users", user_id)
        strict = self.dialect is Dialect.TAU2
        people = [self._passenger(one) for one in passengers]
        payments = [self._payment(one) for one in payment_methods]
        if strict:
            _one_of(cabin, _CABINS)
            _one_of(flight_type, ("round_trip", "one_way"))
            _one_of(insurance, ("yes", "no"))
            origin, destination = text(origin), text(destination)
        bags = [number(each) if strict else each for each in (total_baggages, nonfree_baggages)]
        legs = [self._new_leg(one, cabin, len(people)) for one in flights]
        price = sum(leg["price"] for leg in legs) * len(people)
        price += _INSURANCE * len(people) if insurance == "yes" else 0
        price += _BAG * nonfree_baggages
        self._settle(user_id, payments, price)
        key = self._free(_RESERVATIONS)
        self.add("reservations", key, {
            "reservation_id": key,
            "user_id": user_id,
            "origin": origin,
            "destination": destination,
            "flight_type": flight_type,
            "cabin": cabin,
            "flights": legs,
            "passengers": people,
            "payment_history": payments,
            "created_at": _NOW,
            "total_baggages": bags[0],
            "nonfree_baggages": bags[1],
            "insurance": insurance,
        })  # fmt: skip
        if strict:
            self._take_seats(legs, cabin, len(people))
        self.write("users", user_id)["reservations"].append(key)

    def cancel_reservation(self, reservation_id: str) -> None:
        """Every payment is reversed; seats are not given back."""
        reservation = self.write("reservations", reservation_id)
        reservation["payment_history"] += [
            {"payment_id": paid["payment_id"], "amount": -paid["amount"]}
            for paid in reservation["payment_history"]
        ]
        reservation["status"] = "cancelled"

    def send_certificate(self, user_id: str, amount: float) -> None:
        """A voucher on the customer's file, of which there are three at most."""
        self.read("users", user_id)
        methods = self.write("users", user_id)["payment_methods"]
        key = next((one for one in _CERTIFICATES if one not in methods), None)
        if key is None:
            raise Refusal("too many certificates")
        amount = float(amount) if self.dialect is Dialect.TAU2 else amount
        methods[key] = {"source": "certificate", "amount": amount, "id": key}

    def update_reservation_baggages(
        self, reservation_id: str, total_baggages: int, nonfree_baggages: int, payment_id: str
    ) -> None:
        """New numbers of bags; what is paid for is only ever more."""
        reservation = self.read("reservations", reservation_id)
        price = _BAG * max(0, nonfree_baggages - reservation["nonfree_baggages"])
        self._pay_for_update(reservation_id, payment_id, price)
        changed = self.write("reservations", reservation_id)
        changed["total_baggages"] = total_baggages
        changed["nonfree_baggages"] = nonfree_baggages

    def update_reservation_flights(
        self, reservation_id: str, cabin: str, flights: list[dict[str, Any]], payment_id: str
    ) -> None:
        """The whole journey anew; a leg that stays keeps the price that was paid for it."""
        reservation = self.read("reservations", reservation_id)
        people = len(reservation["passengers"])
        legs = [self._kept(reservation, one, cabin) or self._new_leg(one, cabin, people)
                for one in flights]  # fmt: skip
        price = sum(leg["price"] for leg in legs) - sum(
            leg["price"] for leg in reservation["flights"]
        )
        self._pay_for_update(reservation_id, payment_id, price * people)
        changed = self.write("reservations", reservation_id)
        changed["flights"] = legs
        if self.dialect is Dialect.TAU2:  # the first benchmark forgets the cabin
            changed["cabin"] = cabin

    def update_reservation_passengers(
        self, reservation_id: str, passengers: list[dict[str, Any]]
    ) -> None:
        """Other people on as many seats."""
        people = [self._passenger(one) for one in passengers]
        if len(people) != len(self.read("reservations", reservation_id)["passengers"]):
            raise Refusal("the number of passengers does not match")
        self.write("reservations", reservation_id)["passengers"] = people

    def _new_leg(self, flight: Mapping[str, Any], cabin: str, people: int) -> dict[str, Any]:
        offered = self.read("flights", flight["flight_number"])
        day = offered["dates"].get(flight["date"])
        if day is None or day["status"] != "available":
            raise Refusal(f"{flight} is not available")
        if day["available_seats"][cabin] < people:
            raise Refusal("not enough seats")
        return {
            **(flight if self.dialect is Dialect.TAU else {}),
            "flight_number": self.key("flights", flight["flight_number"]),
            "date": flight["date"],
            "price": day["prices"][cabin],
            "origin": offered["origin"],
            "destination": offered["destination"],
        }

    def _kept(
        self, reservation: Mapping[str, Any], flight: Mapping[str, Any], cabin: str
    ) -> dict[str, Any] | None:
        named = (flight["flight_number"], flight["date"])
        if self.dialect is Dialect.TAU2:
            named = (self.key("flights", flight["flight_number"]), flight["date"])
        if cabin != reservation["cabin"]:
            return None
        for leg in reservation["flights"]:
            if (leg["flight_number"], leg["date"]) == named:
                return {**(flight if self.dialect is Dialect.TAU else {}), **leg}
        return None

    def _passenger(self, one: Mapping[str, Any]) -> dict[str, Any]:
        if self.dialect is Dialect.TAU:
            return dict(one)
        return {name: text(one[name]) for name in _PASSENGER}

    def _payment(self, one: Mapping[str, Any]) -> dict[str, Any]:
        if self.dialect is Dialect.TAU:
            return dict(one)
        return {"payment_id": text(one["payment_id"]), "amount": number(one["amount"])}

    def _settle(self, user_id: str, payments: Sequence[Mapping[str, Any]], price: float) -> None:
        methods = self.read("users", user_id)["payment_methods"]
        for payment in payments:
            method = methods[payment["payment_id"]]
            if method["source"] != "credit_card" and method["amount"] < payment["amount"]:
                raise Refusal("not enough balance")
        if sum(payment["amount"] for payment in payments) != price:
            raise Refusal("the payment does not add up")
        own = self.write("users", user_id)["payment_methods"]
        for payment in payments:
            method = own[payment["payment_id"]]
            if method["source"] == "gift_card":
                method["amount"] -= payment["amount"]
            elif method["source"] == "certificate":
                del own[payment["payment_id"]]

    def _pay_for_update(self, reservation_id: str, payment_id: str, price: float) -> None:
        user_id = self.read("reservations", reservation_id)["user_id"]
        method = self.read("users", user_id)["payment_methods"][payment_id]
        if method["source"] == "certificate":
            raise Refusal("a certificate cannot pay for an update")
        if method["source"] == "gift_card":
            if method["amount"] < price:
                raise Refusal("not enough balance")
            self.write("users", user_id)["payment_methods"][payment_id]["amount"] -= price
        if price != 0:
            paid = {"payment_id": payment_id, "amount": price}
            self.write("reservations", reservation_id)["payment_history"].append(paid)

    def _take_seats(self, legs: Sequence[Mapping[str, Any]], cabin: str, people: int) -> None:
        for leg in legs:
            day = self.write("flights", leg["flight_number"])["dates"][leg["date"]]
            day["available_seats"][cabin] -= people

    def _free(self, names: Sequence[str]) -> str:
        for name in names:
            if not self.has("reservations", name):
                return name
        if self.dialect is Dialect.TAU:
            return names[-1]
        raise Refusal("too many reservations")

    operations = {  # noqa: RUF012  # read only, as the class says
        each.__name__: each
        for each in (
            book_reservation,
            cancel_reservation,
            send_certificate,
            update_reservation_baggages,
            update_reservation_flights,
            update_reservation_passengers,
        )
    }


def _one_of(value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise Refusal(f"{value!r} is none of {', '.join(allowed)}")
