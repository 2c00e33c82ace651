"""Addresses of the pages. All are public in this release: figures by kind and tables of areas, no record."""

from django.urls import path

from daumoi.console import activity, areas, language, views

urlpatterns = [
    path("", views.first_page),
    path("figures", views.live_figures),
    path("language/<slug:code>/", language.choose),
    path("activity/", activity.show),
    path("areas/", areas.find),
    path("areas/<slug:scheme>/<str:code>/", areas.unit),
    path("favicon.ico", views.icon),
]

handler400 = "daumoi.console.errors.bad_request"
handler404 = "daumoi.console.errors.not_found"
handler500 = "daumoi.console.errors.failed"
