"""All groups of parameters. A new group is one struct and one line here."""

from daumoi.rulepacks.vocabulary import care, cases, contacts, declarations, levels, operations
from daumoi.rulepacks.vocabulary.base import Parameters

ALL: tuple[type[Parameters], ...] = (
    declarations.SymptomList,
    declarations.LookBack,
    declarations.DeclarationDuty,
    declarations.MovementCode,
    declarations.VaccinationCertificate,
    contacts.CloseContact,
    contacts.SecondaryContact,
    contacts.InfectiousWindow,
    contacts.DayCount,
    contacts.FullVaccination,
    contacts.Quarantine,
    cases.CaseDefinition,
    cases.CaseIsolation,
    care.PatientRisk,
    care.UnderlyingDiseases,
    care.HomeCare,
    care.MonitoringSheet,
    care.Severity,
    levels.EpidemicLevel,
    operations.EventGrouping,
    operations.Reporting,
    operations.ReportHandling,
    operations.CheckpointWork,
    operations.Publication,
    operations.TracingCapacity,
)

GROUPS: dict[str, type[Parameters]] = {group.GROUP: group for group in ALL}
