"""What an implementation claims, in words."""

from gradcert_reports.model.options import options
from gradcert_reports.model.records import Certificate
from gradcert_reports.text.escape import printable

__all__ = ["claims", "filled_in"]


def claims(certificate: Certificate) -> str:
    """Return sentences that say which loss is claimed, for which inputs, and what is not claimed.

    A certificate without words has the options by name.
    """
    if not certificate.claimed:
        loss, domain = options(certificate.loss), options(certificate.domain)
        return f"Loss: {loss}. Domain: {domain}."
    parts = {
        "Claimed": "; ".join(certificate.claimed),
        "From its attributes": ", ".join(certificate.filled_in),
        "Limits of the claim": "; ".join(certificate.not_claimed),
    }
    return " ".join(f"{what}: {said}." for what, said in parts.items() if said)


def filled_in(certificate: Certificate) -> str:
    """Return which options of its loss were read from attributes; empty if none was.

    Returns
    -------
    One printable line, or an empty text.
    """
    if not certificate.filled_in:
        return ""
    return printable(f"{certificate.name}: from its attributes: {', '.join(certificate.filled_in)}")
