"""A pack as it stands on one day: what each rule says, and what it answers for given facts."""

from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from daumoi.rulepacks.evaluation import care, cases, contacts, levels
from daumoi.rulepacks.evaluation.care import PatientFacts, Tiered
from daumoi.rulepacks.evaluation.cases import CaseFacts
from daumoi.rulepacks.evaluation.contacts import ContactFacts, Immunity, Judged, QuarantinePlan
from daumoi.rulepacks.evaluation.levels import AreaFigures, Levelled
from daumoi.rulepacks.pack import MAIN, InForce, NoRule, Pack, Rule, rule_on, timeline
from daumoi.rulepacks.vocabulary.base import Parameters
from daumoi.rulepacks.vocabulary.care import HomeCare, MonitoringSheet, PatientRisk, Severity
from daumoi.rulepacks.vocabulary.cases import CaseDefinition, CaseIsolation
from daumoi.rulepacks.vocabulary.contacts import (
    CloseContact,
    DayCount,
    FullVaccination,
    InfectiousWindow,
    Quarantine,
    SecondaryContact,
)
from daumoi.rulepacks.vocabulary.declarations import DeclarationDuty, LookBack, SymptomList
from daumoi.rulepacks.vocabulary.levels import EpidemicLevel

P = TypeVar("P", bound=Parameters)
R = TypeVar("R")


@dataclass(frozen=True)
class Answer(Generic[R]):
    """What a rule answers, and the rule: its legal basis goes with every decision."""

    result: R
    rule: Rule


@dataclass(frozen=True)
class PackOnDay:
    """A pack on one day. Every method answers for every day: with the rule that is in force, or with NoRule."""

    pack: Pack
    on: date

    def rule(self, group: type[P], track: str = MAIN) -> InForce[P] | NoRule:
        """Return the rule of any group that is in force."""
        return rule_on(self.pack, group, self.on, track)

    def symptom_list(self, form: str) -> InForce[SymptomList] | NoRule:
        """Return the symptoms that a form asks for."""
        return self.rule(SymptomList, form)

    def look_back(self, form: str) -> InForce[LookBack] | NoRule:
        """Return how far back a form looks."""
        return self.rule(LookBack, form)

    def declaration_duty(self, declaration: str) -> InForce[DeclarationDuty] | NoRule:
        """Return whether people have to declare."""
        return self.rule(DeclarationDuty, declaration)

    def monitoring_sheet(self) -> InForce[MonitoringSheet] | NoRule:
        """Return the sheet on which patients at home are watched."""
        return self.rule(MonitoringSheet)

    def close_contact(self, facts: ContactFacts) -> Answer[Judged] | NoRule:
        """Tell whether a contact of this day is a close one."""
        found = self.rule(CloseContact)
        return found if isinstance(found, NoRule) else Answer(contacts.close_contact(found.value, facts), found.rule)

    def secondary_contact(self, distance_m: float | None) -> Answer[bool | None] | NoRule:
        """Tell whether somebody is a contact of a close contact."""
        found = self.rule(SecondaryContact)
        if isinstance(found, NoRule):
            return found
        return Answer(contacts.secondary_contact(found.value, distance_m), found.rule)

    def infectious_from(self, *, symptomatic: bool) -> Answer[date] | NoRule:
        """Return from when a case is infectious; this day is that of onset, or of the sample without one."""
        found = self.rule(InfectiousWindow, "symptomatic" if symptomatic else "asymptomatic")
        return (
            found if isinstance(found, NoRule) else Answer(contacts.infectious_from(found.value, self.on), found.rule)
        )

    def fully_vaccinated(self, immunity: Immunity) -> Answer[bool] | NoRule:
        """Tell whether somebody counts as fully vaccinated on this day."""
        found = self.rule(FullVaccination)
        if isinstance(found, NoRule):
            return found
        return Answer(contacts.is_fully_vaccinated(found.value, immunity, self.on), found.rule)

    def quarantine(self, immunity: Immunity, *, as_of: date | None = None) -> Answer[QuarantinePlan] | NoRule:
        """Plan the quarantine of a contact whose last contact was on this day, with rules that came up to `as_of`.

        Without a rule on how days are counted there is no plan; without one on full vaccination nobody counts as such.
        """
        found, count = self.rule(Quarantine), self.rule(DayCount, "quarantine")
        if isinstance(found, NoRule):
            return found
        if isinstance(count, NoRule):
            return count
        full = self.fully_vaccinated(immunity)
        later = [rule for rule in timeline(self.pack, Quarantine.GROUP) if rule.valid_from > self.on]
        plan = contacts.quarantine_plan(
            found.value,
            later,
            count=count.value,
            contact_on=self.on,
            immunity=immunity,
            fully_vaccinated=not isinstance(full, NoRule) and full.result,
            as_of=as_of,
        )
        return Answer(plan, found.rule)

    def quarantine_days(self, immunity: Immunity) -> Answer[int] | NoRule:
        """Return the days of quarantine by the rule of this day alone, whatever rules came later."""
        plan = self.quarantine(immunity, as_of=self.on)
        return plan if isinstance(plan, NoRule) else Answer(plan.result.path.days, plan.rule)

    def case(self, case_class: str, facts: CaseFacts) -> Answer[Judged] | NoRule:
        """Tell whether somebody is a case of a class (confirmed, suspected)."""
        found = self.rule(CaseDefinition, case_class)
        return found if isinstance(found, NoRule) else Answer(cases.case(found.value, facts), found.rule)

    def isolation_last_day(self, *, negative_antigen: bool) -> Answer[date] | NoRule:
        """Return the last day in isolation of a case whose sample was taken on this day."""
        found, count = self.rule(CaseIsolation), self.rule(DayCount, "isolation")
        if isinstance(found, NoRule):
            return found
        if isinstance(count, NoRule):
            return count
        last = cases.isolation_last_day(
            found.value,
            sampled_on=self.on,
            first_day_is=count.value.first_day_is,
            negative_antigen=negative_antigen,
        )
        return Answer(last, found.rule)

    def level(self, figures: AreaFigures) -> Answer[Levelled] | NoRule:
        """Return the epidemic level of an area."""
        found = self.rule(EpidemicLevel)
        return found if isinstance(found, NoRule) else Answer(levels.level(found.value, figures), found.rule)

    def risk_tier(self, facts: PatientFacts) -> Answer[Tiered] | NoRule:
        """Return how much at risk a patient is."""
        found = self.rule(PatientRisk)
        return found if isinstance(found, NoRule) else Answer(care.tier(found.value, facts), found.rule)

    def severity(self, facts: PatientFacts) -> Answer[Tiered] | NoRule:
        """Return how severely ill a patient is."""
        found = self.rule(Severity)
        return found if isinstance(found, NoRule) else Answer(care.tier(found.value, facts), found.rule)

    def home_care(self, facts: PatientFacts) -> Answer[Judged] | NoRule:
        """Tell whether a patient may be cared for at home."""
        found = self.rule(HomeCare)
        return found if isinstance(found, NoRule) else Answer(care.home_care(found.value, facts), found.rule)
