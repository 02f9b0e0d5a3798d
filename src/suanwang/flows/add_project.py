"""Add a project: a part of an organisation that has its own jobs and keys."""

from __future__ import annotations

from suanwang.basics.ids import OrganisationId, ProjectId
from suanwang.flows.act import Act
from suanwang.flows.identity_errors import ProjectNameTaken
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.store import identity
from suanwang.store.identity import Project
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


def add_project(tx: Tx, organisation_id: OrganisationId, name: str, *, act: Act) -> Project:
    """Give an organisation a project.

    Raises: NotAllowed, NotFound; ProjectNameTaken.
    """
    owner = identity.organisation(tx, organisation_id)
    project = Project(
        id=act.new_id(ProjectId), organisation_id=owner.id, name=name, created_at=act.now
    )
    body = {"project_id": project.id, "organisation_id": owner.id, "name": name}
    record_operator_action(tx, "add-project", body, act=act)
    if not identity.add_project(tx, project):
        raise ProjectNameTaken(name=name)
    publish(tx, "project.added", subject=project.id, organisation_id=owner.id, body=body, act=act)
    return project
